/** Nobody but a person says yes, and what was said yes to is what is done. */
import { expect, test } from 'vitest';
import { type CrewOutput, guard, type Run, type RunContext, type Tool, withApproval } from '../index.ts';
import { createGate, memoryJournal } from '../testing/index.ts';
import { calls, crewOf, endsOf, payTool, traceOf } from './tools.fixture.ts';

/** The token of the request that the run waits with. */
async function tokenOf(run: Run<CrewOutput>): Promise<string> {
  for await (const event of run.events()) if (event.type === 'input.start') return event.token;
  throw new Error('The run asked nobody.');
}

test('a tool waits for a yes, and runs with the arguments it was asked with', async () => {
  const { tool, paid } = payTool({ needsApproval: true });
  const { crew } = crewOf([tool], [calls('pay', { amount: 5 }), 'done']);
  const run = crew.start();
  const token = await tokenOf(run);
  expect(paid).toEqual([]);
  expect(run.pendingInputs).toMatchObject([
    { kind: 'approval', token, subject: { tool: 'pay', args: { amount: 5 } }, agent: 'Clerk' },
  ]);
  run.respond(token, { approved: true });
  expect((await run.result).text).toBe('done');
  expect(paid).toEqual([5]);
  const events = await traceOf(run);
  const ask = events.find(({ type }) => type === 'input.start');
  const start = events.find(({ type }) => type === 'tool.start');
  expect(ask?.parentId).toBe(start?.spanId); // the person is asked inside of the tool's span
});

test("a person's arguments take the place of the model's, and are guarded and parsed as they were", async () => {
  const { tool, paid } = payTool({ needsApproval: true });
  const seen: unknown[] = [];
  const watch = guard('tool.before', ({ args }) => {
    seen.push(args);
    if ((args as { amount: number }).amount > 100) throw new Error('more than 100');
    return undefined;
  });
  const script = [
    calls('pay', { amount: 5 }),
    calls('pay', { amount: 6 }),
    calls('pay', { amount: 7 }),
    'done',
  ];
  const { crew, llm } = crewOf([tool], script);
  const run = crew.start({ callbacks: [watch] });
  const answers = [{ amount: 4 }, { amount: 'four' }, { amount: 400 }];
  for await (const event of run.events()) {
    if (event.type === 'input.start') run.respond(event.token, { approved: true, args: answers.shift()! });
  }
  await run.result;
  expect(paid).toEqual([4]);
  expect(endsOf(await traceOf(run)).map(({ error }) => error?.code)).toEqual([
    undefined,
    'tool/invalid-arguments',
    'guard/denied',
  ]);
  expect(seen).toEqual([5, 4, 6, 'four', 7, 400].map((amount) => ({ amount })));
  expect(llm.requests[1]!.messages.at(-1)).toMatchObject({ content: 'paid 4' });
});

test('a no is told to the model with its reason, and the tool does not run', async () => {
  const { tool, paid } = payTool({ needsApproval: true, onFailure: 'fail' });
  const { crew, llm } = crewOf([tool], [calls('pay', { amount: 5 }), 'I may not']);
  const run = crew.start();
  run.respond(await tokenOf(run), { approved: false, reason: 'The bill is wrong.' });
  expect((await run.result).text).toBe('I may not'); // a refusal is no failure of the tool
  expect(paid).toEqual([]);
  expect(endsOf(await traceOf(run))[0]!.error).toMatchObject({
    code: 'tool/refused',
    details: { tool: 'pay', reason: 'The bill is wrong.' },
  });
  expect(llm.requests[1]!.messages.at(-1)).toMatchObject({
    isError: true,
    content: expect.stringContaining('The bill is wrong.'),
  });
});

test('who does not answer in time has not said yes', async () => {
  const { tool, paid } = payTool();
  const { crew } = crewOf([withApproval(tool, { timeoutMs: 1 })], [calls('pay', { amount: 5 }), 'nobody']);
  const run = crew.start();
  expect((await run.result).text).toBe('nobody');
  expect(paid).toEqual([]);
  expect(endsOf(await traceOf(run))[0]!.error?.code).toBe('input/timeout');
});

test('a function decides which uses need approval: only its plain false is a no, and its failure denies', async () => {
  const said: unknown[] = [false, undefined, 0];
  const { tool, paid } = payTool({
    needsApproval: ({ amount }, { agent, context }) => {
      expect([agent, context]).toEqual(['Clerk', 'tenant']);
      if (amount === 4) throw new Error('cannot decide');
      return said.shift() as boolean;
    },
  });
  const { crew } = crewOf([tool], [calls('pay', ...[1, 2, 3, 4].map((amount) => ({ amount }))), 'done']);
  const run = crew.start({ context: 'tenant' });
  const asked: unknown[] = [];
  for await (const event of run.events()) {
    if (event.type !== 'input.start') continue;
    asked.push(event.subject);
    run.respond(event.token, { approved: false, reason: 'no' });
  }
  await run.result;
  expect(paid).toEqual([1]);
  expect(asked).toEqual([2, 3].map((amount) => ({ tool: 'pay', args: { amount } })));
  const ends = endsOf(await traceOf(run)).map(({ error }) => error?.code);
  expect(ends.sort()).toEqual(['tool/failed', 'tool/refused', 'tool/refused', undefined]);
});

test('waiting for a person takes nothing of the time of the tool, and ends with the run', async () => {
  const gate = createGate();
  const { tool, paid } = payTool({ needsApproval: () => gate.pass().then(() => true), timeoutMs: 60_000 });
  const { crew } = crewOf([tool], [calls('pay', { amount: 5 }), 'never']);
  const run = crew.start();
  await gate.reached;
  gate.open();
  await tokenOf(run);
  run.cancel('stop');
  await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
  expect(run.pendingInputs).toEqual([]);
  expect(paid).toEqual([]);
  await traceOf(run);
});

test('withApproval makes another tool, and leaves its own alone; both count their uses together', async () => {
  const { tool, paid } = payTool({ maxUses: 2 });
  const careful: Tool = withApproval(tool, { when: () => false });
  expect([tool.needsApproval, Object.isFrozen(careful)]).toEqual([undefined, true]);
  const both = [tool, { ...careful, name: 'pay_careful' }];
  const { crew } = crewOf(both, [
    calls('pay', { amount: 1 }),
    calls('pay_careful', { amount: 2 }),
    calls('pay_careful', { amount: 3 }),
    'done',
  ]);
  const run = crew.start();
  await run.result;
  expect(paid).toEqual([1, 2]);
  expect(endsOf(await traceOf(run)).map(({ error }) => error?.code)).toEqual([
    undefined,
    undefined,
    'tool/use-limit',
  ]);
  expect(() => withApproval(tool, { timeoutMs: 0 })).toThrow(/approvalTimeoutMs/);
});

test('a tool whose use is work is guarded before and after, and needs its approval as others do', async () => {
  const { tool } = payTool();
  const worked: unknown[] = [];
  const worker: Tool = {
    ...tool,
    needsApproval: true,
    async work(args: unknown, context: RunContext) {
      worked.push(args);
      return `${context.span.agent} paid from account 4711`;
    },
  };
  const { crew, llm } = crewOf([worker], [calls('pay', { amount: 8 }, { amount: 500 }), 'done']);
  const halve = guard('tool.before', ({ args, ...rest }) => {
    const { amount } = args as { amount: number };
    if (amount > 100) throw new Error('too much');
    return { ...rest, args: { amount: amount / 2 } };
  });
  const redact = guard('tool.after', (subject) => ({
    ...subject,
    result: subject.result.replace('4711', '****'),
  }));
  const run = crew.start({ callbacks: [halve, redact] });
  const subjects: unknown[] = [];
  for await (const event of run.events()) {
    if (event.type !== 'input.start') continue;
    subjects.push(event.subject);
    run.respond(event.token, { approved: true });
  }
  await run.result;
  expect(subjects).toEqual([{ tool: 'pay', args: { amount: 4 } }]); // what a guard denied is not asked about
  expect(worked).toEqual([{ amount: 4 }]);
  expect(llm.requests[1]!.messages.slice(-2)).toMatchObject([
    { content: 'Clerk paid from account ****', isError: false },
    { content: expect.stringContaining('too much'), isError: true },
  ]);
  await traceOf(run);
});

test('an answer that was recorded is not asked for again when a run is resumed', async () => {
  const journal = memoryJournal();
  const { tool, paid } = payTool({ needsApproval: () => true });
  const { crew } = crewOf([tool], [calls('pay', { amount: 5 }), 'done']);
  const run = crew.start({ journal });
  run.respond(await tokenOf(run), { approved: true, args: { amount: 3 } });
  await run.result;
  const again = await crew.resume(run.id, { journal });
  expect((await again.result).text).toBe('done');
  expect(paid).toEqual([3]);
});
