import { expect, test } from 'vitest';
import {
  Agent,
  Crew,
  defineTool,
  type InputAnswer,
  type InputRequest,
  type Run,
  type RunEvent,
  Task,
  type Tool,
} from '../index.ts';
import { checkTrace, scriptedModel } from '../testing/index.ts';

/** A tool whose use is to ask a person. */
function asking(request: InputRequest): Tool {
  const base = defineTool({
    name: 'ask',
    description: 'Asks.',
    input: { type: 'object', properties: {} } as const,
    execute: () => '',
  });
  return Object.freeze({
    ...base,
    async work(_args, context) {
      return JSON.stringify(await context.child('input').ask(request));
    },
  } satisfies Tool);
}

function start(request: InputRequest): { run: Run<unknown>; events: RunEvent[]; asked: Promise<string> } {
  const events: RunEvent[] = [];
  const asked = Promise.withResolvers<string>();
  const llm = scriptedModel([
    { toolCalls: [{ tool: 'ask', args: {} }] },
    ({ messages }) => String(messages.at(-1)?.content),
  ]);
  const agent = new Agent({ role: 'asker', goal: 'Ask', llm, tools: [asking(request)] });
  const task = new Task({ name: 'ask', description: 'Ask.', expectedOutput: 'An answer.', agent });
  const run = new Crew({ agents: [agent], tasks: [task] }).start({
    callbacks: [
      (event) => {
        events.push(event);
        if (event.type === 'input.start') asked.resolve(event.token);
      },
    ],
  });
  return { run, events, asked: asked.promise };
}

const QUESTION: InputRequest = { kind: 'question', question: 'Which harbour?', subject: null };

test('a run waits for a person, says so, and goes on with the answer', async () => {
  const { run, events, asked } = start(QUESTION);
  const token = await asked;
  expect(run.pendingInputs).toMatchObject([
    { token, task: 'ask', agent: 'asker', question: 'Which harbour?' },
  ]);
  run.respond(token, { text: 'Kiel' });
  expect(await run.result).toMatchObject({ text: '{"text":"Kiel"}' });
  expect(run.pendingInputs).toEqual([]);
  await run.flush();
  expect(events.find(({ type }) => type === 'input.end')).toMatchObject({ token, answer: { text: 'Kiel' } });
  expect(checkTrace(events)).toEqual([]);
});

test('of two answers the first counts, and the second is an error', async () => {
  const { run, asked } = start(QUESTION);
  const token = await asked;
  run.respond(token, { text: 'first' });
  expect(() => run.respond(token, { text: 'second' })).toThrow(
    expect.objectContaining({ code: 'input/unknown-token' }),
  );
  expect(await run.result).toMatchObject({ text: '{"text":"first"}' });
});

test('an answer of the wrong form is refused, and nothing is read as a yes', async () => {
  const { run, asked } = start({ kind: 'approval', question: 'Send?', subject: null });
  const token = await asked;
  const wrong = [undefined, null, 'yes', true, {}, { approved: 'yes' }, { approved: false }, { text: 'yes' }];
  for (const answer of wrong) {
    expect(() => run.respond(token, answer as InputAnswer)).toThrow(
      expect.objectContaining({ code: 'input/invalid-answer' }),
    );
  }
  run.respond(token, { approved: false, reason: 'not today' });
  expect(await run.result).toMatchObject({ text: '{"approved":false,"reason":"not today"}' });
});

test('a request that nobody answers ends with its time, or with its run', async () => {
  const late = start({ ...QUESTION, timeoutMs: 5 });
  expect(await late.run.result).toMatchObject({ text: expect.stringContaining('Nobody answered input') });
  const { run, events, asked } = start(QUESTION);
  await asked;
  run.cancel('enough');
  await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
  await run.flush();
  expect(events.filter(({ type }) => type.startsWith('input.'))).toMatchObject([
    { type: 'input.start' },
    { type: 'input.end', answer: null, error: { code: 'run/cancelled' } },
  ]);
  expect(run.pendingInputs).toEqual([]);
  expect(checkTrace(events)).toEqual([]);
});
