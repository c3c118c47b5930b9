import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import {
  Agent,
  type BeforeKickoff,
  Crew,
  type CrewChunk,
  type CrewOptions,
  type CrewOutput,
  consoleSink,
  RegattaError,
  type RunEvent,
  Task,
} from '../index.ts';
import { createGate, memoryJournal, type ScriptStep, scriptedModel } from '../testing/index.ts';
import { asked, traced, tracedError, tracedOutput } from './traced.fixture.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crew-options-'));
});
afterAll(() => rm(folder, { recursive: true }));

function single(script: readonly ScriptStep[], options: Partial<CrewOptions<never>> = {}) {
  const llm = scriptedModel(script);
  const agent = new Agent({ role: 'Writer of {magazine}', goal: 'Write', llm });
  const task = new Task({
    name: 'write',
    description: 'Write on {topic}',
    expectedOutput: 'e',
    agent,
  });
  return { llm, agent, task, crew: new Crew({ agents: [agent], ...options, tasks: [task] }) };
}
const inputs = { magazine: 'Knots', topic: 'tides' };

test('placeholders are the names that agents, tasks and their files ask for, each once', () => {
  const { agent } = single([]);
  const base = { expectedOutput: '{form}', agent, outputFile: '{year}/{topic}.md' };
  const crew = new Crew({ agents: [agent], tasks: [new Task({ ...base, description: 'On {topic}' })] });
  expect(crew.placeholders).toEqual(['magazine', 'topic', 'form', 'year']);
});

test('beforeKickoff changes the inputs, one after the other, before they are looked at', async () => {
  const first: BeforeKickoff = async (given) => ({ ...given, topic: `${given.topic} and winds` });
  const second: BeforeKickoff = (given) => ({ ...given, topic: `${given.topic}, ${given.magazine}` });
  const { crew, llm } = single(['done'], { beforeKickoff: [first, second] });
  const given = { ...inputs };
  await tracedOutput(crew.start({ inputs: given }));
  expect(asked(llm.requests[0]!)).toContain('Write on tides and winds, Knots');
  expect(given).toEqual(inputs);
  const fills = single(['done'], { beforeKickoff: [() => inputs] });
  await tracedOutput(fills.crew.start()); // what was missing is there now
});

test('inputs of a hook are recorded: a resumed run has the same', async () => {
  let calls = 0;
  const journal = memoryJournal();
  const { crew, llm } = single(['done'], { beforeKickoff: [(given) => ({ ...given, topic: `${++calls}` })] });
  const { runId } = await tracedOutput(crew.start({ inputs, journal }));
  await tracedOutput(await crew.resume(runId, { journal }));
  expect([calls, llm.requests.length]).toEqual([1, 1]);
});

test('afterKickoff changes the output of a run that succeeded, and its end says so', async () => {
  const seen: string[] = [];
  const sign = async (output: CrewOutput) => ({ ...output, text: `${output.text}, yours` });
  const look = (output: CrewOutput) => {
    seen.push(output.text);
    return output;
  };
  const { crew } = single(['done'], { afterKickoff: [sign, look] });
  const { output, events } = await traced(crew.start({ inputs }));
  expect([output!.text, seen]).toEqual(['done, yours', ['done, yours']]);
  expect(events.at(-1)).toMatchObject({ type: 'run.end', output: { text: 'done, yours' } });
  const failing = single([{ error: new Error('no') }], { afterKickoff: [look] });
  await tracedError(failing.crew.start({ inputs }), 'run/failed');
  expect(seen).toHaveLength(1);
});

test('a hook that throws, gives nothing, or is under way when the run is cancelled, ends the run', async () => {
  const nothing = () => undefined as never;
  const throws = () => {
    throw new Error('no tide table');
  };
  for (const options of [
    { beforeKickoff: [throws] },
    { beforeKickoff: [nothing] },
    { afterKickoff: [throws] },
    { afterKickoff: [nothing] },
  ]) {
    const { crew } = single(['done'], options);
    const error = await tracedError(crew.start({ inputs }), 'hook/failed');
    expect(error.details).toEqual({ hook: `${Object.keys(options)[0]}[0]` });
  }
  const gate = createGate();
  const { crew } = single(['done'], { beforeKickoff: [async () => gate.pass() as never] });
  const run = crew.start({ inputs });
  await gate.reached;
  run.cancel();
  expect((await traced(run)).error?.code).toBe('run/cancelled');
  gate.open();
});

async function chunksOf(stream: AsyncIterable<CrewChunk>): Promise<CrewChunk[]> {
  return await Array.fromAsync(stream);
}

test('a stream has the pieces of what agents write, with task, agent and call, and then the result', async () => {
  const { crew } = single(['high tide']);
  const stream = crew.stream({ inputs });
  const chunks = await chunksOf(stream);
  const { run } = stream;
  const place = { task: 'write', agent: 'Writer of Knots', call: `${run.id}/write/agent/turn-1`, attempt: 1 };
  expect(chunks).toEqual([
    { type: 'text', ...place, text: 'high ' },
    { type: 'text', ...place, text: 'tide' },
  ]);
  expect((await stream.result).text).toBe('high tide');
  await traced(run);
});

test('tasks at work together mix in a stream, and each call can be put together again', async () => {
  const [left, right] = [createGate(), createGate()];
  const answer =
    (text: string, own: typeof left, other: typeof left): ScriptStep =>
    async () => {
      own.open();
      await other.pass();
      return text;
    };
  const agent = (role: string, step: ScriptStep) =>
    new Agent({ role, goal: 'g', llm: scriptedModel([step]) });
  const agents = [
    agent('L', answer('one two three', left, right)),
    agent('R', answer('un deux trois', right, left)),
  ];
  const tasks = agents.map(
    (who) => new Task({ description: 'd', expectedOutput: 'e', agent: who, context: [] }),
  );
  const stream = new Crew({ agents, tasks, process: 'graph' }).stream();
  const texts: Record<string, string> = {};
  for await (const chunk of stream) {
    if (chunk.type === 'text') texts[chunk.call] = (texts[chunk.call] ?? '') + chunk.text;
  }
  expect(Object.values(texts).sort()).toEqual(['one two three', 'un deux trois']);
  expect((await stream.result).tasks.map(({ text }) => text)).toEqual(['one two three', 'un deux trois']);
});

test('a stream says when pieces are void, and leaves out judges and summaries', async () => {
  const busy = new RegattaError('model/overloaded', 'Busy. Wait.', {
    model: 'scripted/model',
    status: 503,
    retryable: true,
    retryAfterMs: 1,
    providerCode: null,
  });
  const llm = scriptedModel([
    { error: busy },
    'bad',
    '{"accepted":false,"feedback":"No."}',
    'good',
    '{"accepted":true,"feedback":""}',
  ]);
  const agent = new Agent({ role: 'Writer', goal: 'g', llm });
  const task = new Task({ description: 'd', expectedOutput: 'e', agent, guardrails: ['It is good.'] });
  const chunks = await chunksOf(new Crew({ agents: [agent], tasks: [task] }).stream());
  expect(
    chunks.map(({ type, attempt, ...rest }) => [type, attempt, 'text' in rest ? rest.text : '']),
  ).toEqual([
    ['retry', 1, ''],
    ['text', 2, 'bad'],
    ['text', 1, 'good'],
  ]);
});

test('whoever leaves a stream early cancels its run; a run that fails throws at the end of its chunks', async () => {
  const taskCallback = () => createGate().pass(); // for ever, so that the run goes on when its reader leaves
  const left = single(['high tide'], { taskCallback }).crew.stream({ inputs });
  for await (const _ of left) break;
  await expect(left.result).rejects.toMatchObject({ code: 'run/cancelled' });
  const failing = single([{ text: 'high', error: new Error('no') }]).crew.stream({ inputs });
  const chunks: CrewChunk[] = [];
  const read = async () => {
    for await (const chunk of failing) chunks.push(chunk);
  };
  await expect(read()).rejects.toMatchObject({ code: 'run/failed' });
  expect(chunks).toHaveLength(1);
});

test('outputLogFile has every event as JSON, or the lines that the console would show', async () => {
  const jsonl = join(folder, 'logs/run.jsonl');
  const events: RunEvent[] = [];
  const json = single(['done'], { outputLogFile: jsonl });
  const run = json.crew.start({ inputs, callbacks: [(event: RunEvent) => events.push(event)] });
  await run.result;
  await run.flush();
  expect(
    (await readFile(jsonl, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(JSON.parse(JSON.stringify(events)));
  const text = join(folder, 'run.log');
  const lines: string[] = [];
  const plain = single(['done'], { outputLogFile: text });
  // Beside a console sink of the run: neither takes the other's place.
  const sink = consoleSink({ write: (line) => lines.push(line) });
  const second = plain.crew.start({ inputs, callbacks: [sink] });
  await second.result;
  await second.flush();
  expect(await readFile(text, 'utf8')).toBe(lines.join(''));
  expect(lines).toHaveLength(4);
});

test('the type of the last task is that of the output, whatever the process is', async () => {
  const agent = new Agent({ role: 'r', goal: 'g', llm: scriptedModel(['{"knots":5}']) });
  const output = z.object({ knots: z.number() });
  const task = new Task({
    description: 'd',
    expectedOutput: 'e',
    agent,
    output,
    callback: ({ parsed }) => parsed.knots,
  });
  const { parsed } = await new Crew({ agents: [agent], tasks: [task], process: 'graph' }).kickoff();
  expect(parsed.knots).toBe(5);
});
