import { afterAll, expect, test } from 'vitest';
import { z } from 'zod';
import {
  Agent,
  Crew,
  createRuntime,
  defineTool,
  type InputAnswer,
  type InputRequest,
  type KickoffOptions,
  type PendingInput,
  pendingInputsOf,
  respond,
  Task,
  type Tool,
  threads,
} from '../index.ts';
import {
  checkTrace,
  createGate,
  createManualClock,
  memoryJournal,
  type ScriptStep,
  scriptedModel,
} from '../testing/index.ts';
import { eventsOf, settle } from '../testing/marked.fixture.ts';
import * as harbours from './suspended.fixture.ts';

const engine = threads({ size: 1 });
afterAll(() => engine.close?.());

/** A tool whose use is to ask a person. */
function asking(
  request: InputRequest = { kind: 'question', question: 'Which harbour?', subject: null },
): Tool {
  const base = defineTool({ name: 'ask', description: 'Asks.', input: z.object({}), execute: () => '' });
  return Object.freeze({
    ...base,
    async work(_args, context) {
      return JSON.stringify(await context.child('input').ask(request));
    },
  } satisfies Tool);
}

const tell: ScriptStep = ({ messages }) =>
  messages.flatMap((one) => (one.role === 'tool' ? [one.content] : [])).join();

function crewOf(script: readonly ScriptStep[], ...tools: Tool[]) {
  const llm = scriptedModel(script);
  const agent = new Agent({ role: 'asker', goal: 'Ask', llm, tools });
  const task = new Task({ name: 'ask', description: 'Ask.', expectedOutput: 'An answer.', agent });
  return { crew: new Crew({ agents: [agent], tasks: [task] }), llm };
}

const ask = { tool: 'ask', args: {} };
const asks: ScriptStep = { toolCalls: [ask] };

async function suspended(options: KickoffOptions = {}, request?: InputRequest) {
  const journal = memoryJournal();
  const { crew } = crewOf([asks, tell], asking(request));
  const run = crew.start({ journal, onInput: 'suspend', ...options });
  const error = await run.result.catch((thrown) => thrown);
  expect(error.code).toBe('run/suspended');
  return { run, journal, crew, error, token: error.details.tokens[0] as string, runId: run.id };
}

test('a run that only a person can help ends as suspended, and goes on elsewhere with the answer', async () => {
  const { run, journal, crew, error, token, runId } = await suspended();
  expect([run.status, error.details.tokens, error.message.includes(token)]).toEqual([
    'suspended',
    [token],
    true,
  ]);
  const kept = await journal.read(runId);
  expect(kept?.run).toMatchObject({
    status: 'suspended',
    heldBy: null,
    ending: { error: { code: 'run/suspended' } },
  });
  expect(pendingInputsOf(runId, kept?.records ?? [])).toEqual([
    {
      runId,
      token,
      task: 'ask',
      agent: 'asker',
      kind: 'question',
      question: 'Which harbour?',
      subject: null,
    },
  ]);
  await respond(journal, runId, { token, answer: { text: 'Kiel' } });
  expect(pendingInputsOf(runId, (await journal.read(runId))?.records ?? [])).toEqual([]);
  const again = await crew.resume(runId, { journal, onInput: 'suspend' });
  expect(await again.result).toMatchObject({ runId, text: '{"text":"Kiel"}', usage: { attempts: 2 } });
  const evidence = { ledger: again.ledger, audit: await again.flush() };
  expect(checkTrace([...(await eventsOf(run)), ...(await eventsOf(again))], evidence)).toEqual([]);
});

test('a run that is resumed without an answer is suspended again, with the same token', async () => {
  const { journal, crew, token, runId } = await suspended();
  const again = await crew.resume(runId, { journal, onInput: 'suspend' });
  await expect(again.result).rejects.toMatchObject({ code: 'run/suspended', details: { tokens: [token] } });
});

test('of answers from anywhere the first counts, and every other one is refused (R55)', async () => {
  const { journal, crew, token, runId } = await suspended();
  const texts = ['Kiel', 'Brest', 'Genoa', 'Bergen'];
  const given = await Promise.allSettled(
    texts.map(async (text) => await respond(journal, runId, { token, answer: { text } })),
  );
  const won = given.flatMap(({ status }, index) => (status === 'fulfilled' ? [texts[index]] : []));
  expect(won).toHaveLength(1);
  for (const one of given)
    if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'input/unknown-token' });
  expect((await (await crew.resume(runId, { journal })).result).text).toBe(JSON.stringify({ text: won[0] }));
});

test('an answer for nothing, to nobody, or of the wrong form is refused, and nothing is recorded', async () => {
  const { journal, token, runId } = await suspended({}, { kind: 'approval', question: 'Send?', subject: 1 });
  const before = (await journal.read(runId))?.records.length;
  const wrong: (readonly [string, string, unknown, string])[] = [
    [runId, `${runId}/ask`, { approved: true }, 'input/unknown-token'],
    ['other', token, { approved: true }, 'input/unknown-token'],
    [runId, token, { approved: 'yes' }, 'input/invalid-answer'],
    [runId, token, { approved: false }, 'input/invalid-answer'],
    [runId, token, undefined, 'input/invalid-answer'],
  ];
  for (const [id, to, answer, code] of wrong) {
    const given = respond(journal, id, { token: to, answer: answer as InputAnswer });
    await expect(given).rejects.toMatchObject({ code });
  }
  expect((await journal.read(runId))?.records).toHaveLength(before!);
});

test('what can go on without a person is done first, however long it takes', async () => {
  const gate = createGate();
  const clock = createManualClock();
  const work = defineTool({
    name: 'work',
    description: 'Works.',
    input: z.object({}),
    execute: async () => {
      await gate.pass();
      return 'worked';
    },
  });
  const journal = memoryJournal();
  const both: ScriptStep = { toolCalls: [ask, { tool: 'work', args: {} }] };
  const { crew } = crewOf([both, tell], asking(), work);
  const run = crew.start({ journal, onInput: 'suspend', runtime: createRuntime({ clock }) });
  await gate.reached;
  await clock.advance(60_000);
  expect(run.status).toBe('running');
  gate.open();
  await settle();
  await clock.advance(99);
  expect(run.status).toBe('running');
  await clock.advance(1);
  await expect(run.result).rejects.toMatchObject({ code: 'run/suspended' });
  const keys = (await journal.read(run.id))?.records.map(({ key }) => key);
  expect(keys).toContain('ask/agent/turn-1/tool-1:tool');
  expect(clock.timers).toBe(0);
});

test('a run that waits hears of an answer that another process gave', async () => {
  const clock = createManualClock();
  const journal = memoryJournal();
  const { crew } = crewOf([asks, tell], asking());
  const run = crew.start({ journal, runtime: createRuntime({ clock }) });
  await expect.poll(() => run.pendingInputs.length).toBe(1);
  const { token } = run.pendingInputs[0]!;
  await expect
    .poll(async () => (await journal.read(run.id))?.records.some(({ key }) => key.endsWith(':asked')))
    .toBe(true);
  await respond(journal, run.id, { token, answer: { text: 'Kiel' } });
  await clock.advance(500);
  expect((await run.result).text).toBe('{"text":"Kiel"}');
  expect(clock.timers).toBe(0);
});

test('runtime.respond answers a run of its own or any of the journal, and says who was first', async () => {
  const journal = memoryJournal();
  await using runtime = createRuntime({ journal });
  const { crew } = crewOf([asks, tell], asking());
  const run = runtime.start(crew);
  await expect.poll(() => run.pendingInputs.length).toBe(1);
  const { token } = run.pendingInputs[0]!;
  await expect
    .poll(async () => (await journal.read(run.id))?.records.some(({ key }) => key.endsWith(':asked')))
    .toBe(true);
  await respond(journal, run.id, { token, answer: { text: 'Kiel' } });
  await expect(runtime.respond(run.id, token, { answer: { text: 'Brest' } })).rejects.toMatchObject({
    code: 'input/unknown-token',
  });
  expect((await run.result).text).toBe('{"text":"Kiel"}');
  const other = await suspended();
  await runtime.respond(other.runId, other.token, { answer: { text: 'Bergen' }, journal: other.journal });
  const again = await other.crew.resume(other.runId, { journal: other.journal });
  expect((await again.result).text).toBe('{"text":"Bergen"}');
  await expect(createRuntime().respond(run.id, token, { answer: { text: 'x' } })).rejects.toMatchObject({
    code: 'input/unknown-token',
  });
});

test('a function answers in place of a person, and what it gives is checked as any answer', async () => {
  const heard: PendingInput[] = [];
  const { crew } = crewOf([asks, tell], asking());
  const output = await crew.kickoff({
    onInput: async (request) => {
      heard.push(request);
      return { text: 'Kiel' };
    },
  });
  expect([output.text, heard.length, heard[0]?.question]).toEqual(['{"text":"Kiel"}', 1, 'Which harbour?']);
  const wrong = crewOf([asks, tell], asking({ kind: 'approval', question: 'Send?', subject: null })).crew;
  const said = await wrong.kickoff({ onInput: () => ({ text: 'yes' }) });
  expect(said.text).toContain('The answer to an approval must be');
});

test('the time to answer goes on from where it was asked first, and once it is up no answer counts', async () => {
  const clock = createManualClock(1_000);
  const runtime = createRuntime({ clock });
  const journal = memoryJournal();
  const { crew } = crewOf(
    [asks, tell],
    asking({ kind: 'question', question: 'Now?', subject: null, timeoutMs: 60_000 }),
  );
  const run = crew.start({ journal, onInput: 'suspend', runtime });
  await expect.poll(() => clock.timers).toBeGreaterThan(0);
  await expect
    .poll(async () => {
      await clock.advance(10);
      return run.status;
    })
    .toBe('suspended');
  await expect(run.result).rejects.toMatchObject({ code: 'run/suspended' });
  await clock.advance(120_000);
  const again = await crew.resume(run.id, { journal, runtime });
  expect((await again.result).text).toContain('Nobody answered input');
  const token = `${run.id}/ask/agent/turn-1/tool-0/input`;
  await expect(respond(journal, run.id, { token, answer: { text: 'late' } })).rejects.toMatchObject({
    code: 'input/unknown-token',
  });
});

test('a crew on a thread is suspended, answered and resumed as one on the event loop', async () => {
  const journal = memoryJournal();
  const runtime = createRuntime({ engine, journal });
  const run = runtime.start(harbours.asker, { onInput: 'suspend' });
  const error = await run.result.catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'run/suspended' });
  const [token] = error.details.tokens;
  await runtime.respond(run.id, token, { answer: { text: 'Kiel' } });
  const again = await runtime.resume(harbours.asker, run.id);
  expect((await again.result).text).toBe('{"text":"Kiel"}');
  const starts = [...(await eventsOf(run)), ...(await eventsOf(again))].filter(
    ({ type }) => type === 'run.start',
  );
  expect(starts).toMatchObject([{ engine: 'threads' }, { engine: 'threads', epoch: 2 }]);
}, 30_000);
