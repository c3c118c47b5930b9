import { expect, test } from 'vitest';
import { z } from 'zod';
import { Agent, Crew, createRuntime, defineTool, guard, type RunEvent, Task, transform } from '../index.ts';
import { type ScriptStep, scriptedModel } from '../testing/index.ts';

const tool = defineTool({
  name: 'pay',
  description: 'Pays.',
  input: z.object({ amount: z.number() }),
  execute: ({ amount }) => `paid ${amount} from account 4711`,
});

function crewOf(script: readonly ScriptStep[]) {
  const llm = scriptedModel(script);
  const agent = new Agent({ role: 'Clerk', goal: 'Pay', llm, tools: [tool] });
  const task = new Task({ name: 'pay', description: 'Pay {amount}', expectedOutput: 'A receipt', agent });
  return { llm, crew: new Crew({ agents: [agent], tasks: [task] }) };
}

const payment = { toolCalls: [{ tool: 'pay', args: { amount: 5 } }] };

test('a guard before a tool may change its arguments, and one after it the result that the model sees', async () => {
  const { crew, llm } = crewOf([payment, 'done']);
  const halve = guard('tool.before', ({ args, ...rest }) => ({
    ...rest,
    args: { amount: (args as { amount: number }).amount / 2 },
  }));
  const redact = guard('tool.after', (subject) => ({
    ...subject,
    result: subject.result.replace(/\d{4}/, '****'),
  }));
  await crew.kickoff({ inputs: { amount: 5 }, callbacks: [halve, redact] });
  expect(llm.requests[1]!.messages.at(-1)).toMatchObject({
    content: 'paid 2.5 from account ****',
    isError: false,
  });
});

test('a guard that denies a tool answers the model; the tool does not run', async () => {
  const { crew, llm } = crewOf([payment, 'I may not pay']);
  const deny = guard('tool.before', () => {
    throw new Error('payments need approval');
  });
  const output = await crew.kickoff({ inputs: { amount: 5 }, callbacks: [deny] });
  expect(output.text).toBe('I may not pay');
  expect(llm.requests[1]!.messages.at(-1)).toMatchObject({
    isError: true,
    content: expect.stringContaining('payments need approval'),
  });
});

test('a guard that denies a model call, or is late, stops it before it is made: guards fail closed', async () => {
  const { crew, llm } = crewOf(['never']);
  const deny = guard('model.before', () => Promise.reject(new Error('no such topic')), { name: 'topics' });
  const denied = crew.start({ inputs: { amount: 5 }, callbacks: [deny] });
  await expect(denied.result).rejects.toMatchObject({
    code: 'guard/denied',
    details: { guard: 'topics', at: 'model.before' },
  });
  const late = guard('model.before', () => new Promise(() => undefined), { timeoutMs: 10 });
  await expect(crew.kickoff({ inputs: { amount: 5 }, callbacks: [late] })).rejects.toMatchObject({
    code: 'guard/timeout',
  });
  expect(llm.requests).toHaveLength(0);
  expect(denied.usage.attempts).toBe(0);
});

test('guards stand outermost first, each sees what the one before it gave, and only in its own scope', async () => {
  const say = (name: string) =>
    guard('model.after', ({ model, message }) => ({
      model,
      message: {
        ...message,
        content: [{ type: 'text', text: `${(message.content[0] as { text: string }).text} ${name}` }],
      },
    }));
  const runtime = createRuntime({ callbacks: [say('runtime')] });
  const { crew } = crewOf(['one', 'two']);
  expect((await runtime.run(crew, { inputs: { amount: 1 }, callbacks: [say('run')] })).text).toBe(
    'one runtime run',
  );
  expect((await crew.kickoff({ inputs: { amount: 1 } })).text).toBe('two');
});

test('a transform changes what is behind it, and not what stands before it', async () => {
  const before: string[] = [];
  const behind: string[] = [];
  const redact = transform((event) =>
    event.type === 'tool.end' ? { ...event, result: event.result.replace(/\d{4}/, '****') } : event,
  );
  const { crew } = crewOf([payment, 'done']);
  const collect = (into: string[]) => (event: RunEvent) => {
    if (event.type === 'tool.end') into.push(event.result);
  };
  const runtime = createRuntime({ callbacks: [collect(before), redact] });
  const run = runtime.start(crew, { inputs: { amount: 5 }, callbacks: [collect(behind)] });
  await run.result;
  expect((await run.flush()).balance).toBe(0);
  expect([before, behind]).toEqual([['paid 5 from account 4711'], ['paid 5 from account ****']]);
});

test('a transform that fails keeps the event from those behind it, and the audit says how often', async () => {
  const errors: unknown[] = [];
  const heard: string[] = [];
  const { crew } = crewOf(['done']);
  const runtime = createRuntime({ onCallbackError: (error) => errors.push(error) });
  const fail = transform((event) => {
    if (event.type === 'model.end') throw new Error('cannot redact');
    return event;
  });
  const run = runtime.start(crew, {
    inputs: { amount: 5 },
    callbacks: [fail, ({ type }) => heard.push(type)],
  });
  await run.result;
  expect(await run.flush()).toMatchObject({ withheld: 1, balance: 0 });
  expect(heard).not.toContain('model.end');
  expect(errors).toHaveLength(1);
});

test('budgets of run, crew and runtime hold together, and end a run with budget/exceeded', async () => {
  const { crew, llm } = crewOf([payment, 'done', payment, 'done']);
  const bounded = new Crew({ agents: [...crew.agents], tasks: [...crew.tasks], budget: { calls: 3 } });
  const runtime = createRuntime();
  await runtime.run(bounded, { inputs: { amount: 1 } });
  const second = runtime.start(bounded, { inputs: { amount: 1 } });
  await expect(second.result).rejects.toMatchObject({
    code: 'budget/exceeded',
    details: { owner: 'crew', limit: 'calls', max: 3, used: 3, asked: 1 },
  });
  expect(second.usage.attempts).toBe(1);
  expect(llm.requests).toHaveLength(3);
  await expect(crew.kickoff({ inputs: { amount: 1 }, budget: { tokens: 10 } })).rejects.toMatchObject({
    code: 'budget/exceeded',
    details: { owner: 'run', limit: 'tokens' },
  });
});

test('what is no callback is refused where it is given, by name', () => {
  expect(() => createRuntime({ callbacks: [() => undefined, 5 as never] })).toThrow(
    /callbacks\[1\] must be a function/,
  );
  const bad = { onEvent: () => undefined, capacity: 0, onFull: 'lose' as never };
  expect(() => createRuntime({ callbacks: [bad] })).toThrow(
    /callbacks\[0\].capacity.*\n.*onFull must be one of drop-newest/,
  );
  expect(() => createRuntime({ budget: { usd: -1 }, limits: { requestsPerMinute: 0 } })).toThrow(
    /requestsPerMinute.*\n.*usd/,
  );
});
