import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import {
  Agent,
  Crew,
  type CrewOptions,
  guard,
  type InputFile,
  type KickoffOptions,
  RegattaError,
  type RunEvent,
  type Schema,
  Task,
  type TaskOptions,
} from '../index.ts';
import { memoryJournal, type ScriptStep, scriptedModel } from '../testing/index.ts';
import { asked, traced, tracedError, tracedOutput } from './traced.fixture.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'task-options-'));
});
afterAll(() => rm(folder, { recursive: true }));

function single<S extends Schema | undefined = undefined>(
  script: readonly ScriptStep[],
  options: Partial<TaskOptions<S>> = {},
  crewOptions: Partial<CrewOptions<never>> = {},
) {
  const llm = scriptedModel(script);
  const agent = new Agent({ role: 'Writer', goal: 'Write', llm });
  const base = { name: 'write', description: 'Write', expectedOutput: 'e', agent };
  const task = new Task<S>({ ...base, ...options } as TaskOptions<S>);
  const crew = new Crew({ agents: [agent], ...crewOptions, tasks: [task] });
  return { llm, crew, start: (kickoff?: KickoffOptions) => crew.start(kickoff) };
}

const failure = (code: 'model/overloaded' | 'model/authentication') =>
  new RegattaError(code, 'No. Wait.', {
    model: 'scripted/model',
    status: null,
    retryable: false,
    retryAfterMs: null,
    providerCode: null,
  });

const retriesOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === 'task.retry' ? [[event.attempt, event.error.code]] : []));

test('a task that failed is done anew, from the start, as often as retries says', async () => {
  const error = failure('model/overloaded');
  const { start, llm } = single([{ error }, { error }, 'at last'], { retries: 2 });
  const { output, events } = await traced(start());
  expect(output!.text).toBe('at last');
  expect(retriesOf(events)).toEqual([
    [1, 'model/overloaded'],
    [2, 'model/overloaded'],
  ]);
  expect(llm.requests.map(({ messages }) => messages.length)).toEqual([2, 2, 2]);
  expect(
    events
      .filter(({ type }) => type === 'agent.start')
      .map(({ spanId }) => spanId.split('/').slice(1).join('/')),
  ).toEqual(['write/agent', 'write/attempt-2/agent', 'write/attempt-3/agent']);
  const once = single([{ error }, 'never'], { retries: 0 });
  await tracedError(once.start(), 'model/overloaded');
});

test('an attempt that its guardrails rejected may be retried, with its rounds counted anew', async () => {
  const { start, llm } = single(['bad', 'good'], {
    retries: 1,
    guardrailMaxRetries: 0,
    guardrails: [({ text }) => (text === 'bad' ? { accepted: false, feedback: 'No.' } : { accepted: true })],
  });
  const { output, events } = await traced(start());
  expect([output!.text, retriesOf(events)]).toEqual(['good', [[1, 'guardrail/rejected']]]);
  expect(llm.requests[1]!.messages).toHaveLength(2); // anew, not told
});

const deny = guard('model.before', () => {
  throw new Error('no');
});

test.each([
  ['budget/exceeded', { budget: { calls: 0 } }, 'model'],
  ['guard/denied', { callbacks: [deny] }, 'model'],
  ['llm/unknown-provider', {}, 'nobody/model'],
] as const)('%s is not met again by another attempt', async (code, kickoff, model) => {
  const llm = model === 'model' ? scriptedModel(['never', 'never']) : model;
  const agent = new Agent({ role: 'Writer', goal: 'w', llm });
  const task = new Task({ description: 'd', expectedOutput: 'e', agent, retries: 3 });
  const { error, events } = await traced(new Crew({ agents: [agent], tasks: [task] }).start(kickoff));
  expect(error?.code).toBe(code);
  expect(retriesOf(events)).toEqual([]);
});

test('a judge that there is not is found out before any call; what is final behind a failure is final', async () => {
  const { start, llm } = single(['fine', 'fine'], {
    retries: 3,
    guardrails: ['It is short.'],
    guardrailLlm: 'nobody/model',
  });
  await tracedError(start(), 'llm/unknown-provider');
  expect(llm.requests).toEqual([]);
  const cause = new RegattaError('llm/missing-key', 'No key. Set it.', { provider: 'p', variable: 'KEY' });
  const late = single(['fine', 'fine'], { retries: 3, guardrails: [() => Promise.reject(cause)] });
  const { error, events } = await traced(late.start());
  expect([error?.code, error?.cause, retriesOf(events)]).toEqual(['guardrail/failed', cause, []]);
});

test('an answer is written to its file, below the directory of the run or of the crew', async () => {
  const options = { outputFile: 'reports/{topic}.md' };
  const { start } = single(['high tide'], options, { outputDirectory: join(folder, 'crew') });
  await tracedOutput(start({ inputs: { topic: 'tides/neap' } }));
  expect(await readFile(join(folder, 'crew/reports/tides-neap.md'), 'utf8')).toBe('high tide');
  const own = single(['low tide'], options);
  await tracedOutput(own.start({ inputs: { topic: 'tides' }, outputDirectory: join(folder, 'run') }));
  expect(await readFile(join(folder, 'run/reports/tides.md'), 'utf8')).toBe('low tide');
  const typed = single(['{"knots": 5}'], { outputFile: 'out.json', output: z.object({ knots: z.number() }) });
  await tracedOutput(typed.start({ outputDirectory: folder }));
  expect(await readFile(join(folder, 'out.json'), 'utf8')).toBe('{\n  "knots": 5\n}\n');
});

test('a placeholder of an output file that has no input costs no call', async () => {
  const { start, llm } = single(['x'], { outputFile: '{topic}.md' });
  await tracedError(start(), 'inputs/missing');
  expect(llm.requests).toEqual([]);
});

test('a file that cannot be written fails its task', async () => {
  const { start } = single(['x'], { outputFile: 'a/b.md', retries: 2 });
  await writeFile(join(folder, 'a'), 'a file');
  const { error, events } = await traced(start({ outputDirectory: folder }));
  expect([error?.code, retriesOf(events)]).toEqual(['file/not-written', []]);
});

test('the callback of a task gets its output, is waited for, and runs before that of the crew', async () => {
  const heard: string[] = [];
  const hear = (who: string) => async (output: { task: string; text: string; parsed: unknown }) => {
    await Promise.resolve();
    heard.push(`${who} ${output.task} ${output.text} ${JSON.stringify(output.parsed)}`);
  };
  const { crew } = single(
    ['{"knots": 5}'],
    { callback: hear('task'), output: z.object({ knots: z.number() }) },
    { taskCallback: hear('crew') },
  );
  const journal = memoryJournal();
  const { runId } = await tracedOutput(crew.start({ journal }));
  const told = ['task write {"knots": 5} {"knots":5}', 'crew write {"knots": 5} {"knots":5}'];
  expect(heard).toEqual(told);
  await tracedOutput(await crew.resume(runId, { journal })); // a resumed run does not call again
  expect(heard).toEqual(told);
});

test('what a callback throws fails its task, without another attempt', async () => {
  const { start, llm } = single(['fine', 'fine'], {
    retries: 2,
    callback: () => {
      throw new TypeError('no disk');
    },
  });
  const error = await tracedError(start(), 'hook/failed');
  expect([error.message, llm.requests.length]).toEqual([
    `The task's callback for task "write" failed: no disk`,
    1,
  ]);
  expect(error.cause).toBeInstanceOf(TypeError);
});

test('markdown asks for it', async () => {
  const { start, llm } = single(['# Tides'], { markdown: true });
  await tracedOutput(start());
  expect(asked(llm.requests[0]!)).toContain('Write the answer in Markdown');
});

const PNG = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 1]);
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

test('files go into the prompt behind the text: by path, URL or bytes, of the task and of the run', async () => {
  const chart = join(folder, 'chart.png');
  await writeFile(chart, PNG);
  await writeFile(join(folder, 'log.txt'), 'wind 5');
  const bytes = Uint8Array.from(PNG);
  const inputFiles: Record<string, InputFile> = {
    chart,
    copy: bytes,
    log: pathToFileURL(join(folder, 'log.txt')),
    manual: 'https://example.org/manual.pdf?v=2',
    voice: { data: 'https://example.org/voice', mediaType: 'audio/wav' },
    inline: `data:image/gif;base64,${base64(PNG)}`,
  };
  const { start, llm } = single(['seen'], { inputFiles });
  bytes.fill(0); // the task has its copy
  await tracedOutput(
    start({ inputFiles: { chart: 'replaced-by-the-task.png', terms: 'https://example.org/a.pdf' } }),
  );
  const { content } = llm.requests[0]!.messages[1]!;
  const image = { base64: base64(PNG) };
  expect(content).toEqual([
    { type: 'text', text: expect.stringContaining('Write') },
    { type: 'file', mediaType: 'image/png', data: image, filename: 'chart.png' },
    {
      type: 'file',
      mediaType: 'application/pdf',
      data: { url: 'https://example.org/a.pdf' },
      filename: 'terms',
    },
    { type: 'file', mediaType: 'image/png', data: image, filename: 'copy' },
    { type: 'text', text: 'File "log":\n\nwind 5' },
    {
      type: 'file',
      mediaType: 'application/pdf',
      data: { url: 'https://example.org/manual.pdf?v=2' },
      filename: 'manual',
    },
    { type: 'file', mediaType: 'audio/wav', data: { url: 'https://example.org/voice' }, filename: 'voice' },
    { type: 'file', mediaType: 'image/gif', data: image, filename: 'inline' },
  ]);
});

test('a file that is not there, or of which nobody knows what it is, costs no call', async () => {
  const missing = single(['x'], { inputFiles: { chart: join(folder, 'nowhere.png') }, retries: 2 });
  const error = await tracedError(missing.start(), 'file/not-readable');
  expect([error.details, missing.llm.requests.length]).toEqual([
    { name: 'chart', path: join(folder, 'nowhere.png') },
    0,
  ]);
  const unknown = single(['x'], { inputFiles: { blob: Uint8Array.from([0, 1, 2]) } });
  await tracedError(unknown.start(), 'file/unknown-type');
  expect(() => unknown.start({ inputFiles: { bad: '' } })).toThrow(/inputFiles.bad must be/);
});

test('a person reviews the draft until it is accepted; guardrails look at each new draft', async () => {
  const { start, llm } = single(['draft', 'rude draft', 'better draft'], {
    humanInput: true,
    guardrails: [
      {
        name: 'polite',
        check: ({ text }) =>
          text.includes('rude') ? { accepted: false, feedback: 'Politely.' } : { accepted: true },
      },
    ],
  });
  const run = start();
  const subjects: unknown[] = [];
  for await (const event of run.events()) {
    if (event.type !== 'input.start') continue;
    const { token, kind, question, subject } = event;
    subjects.push([token.split('/').slice(1).join('/'), kind, subject]);
    expect(question).toContain('task "write"');
    expect(run.pendingInputs).toHaveLength(1);
    run.respond(
      token,
      subjects.length === 1 ? { accepted: false, feedback: 'Say more.' } : { accepted: true },
    );
  }
  expect((await tracedOutput(run)).text).toBe('better draft');
  expect(subjects).toEqual([
    ['write/review-1', 'review', 'draft'],
    ['write/review-2', 'review', 'better draft'],
  ]);
  expect(asked(llm.requests[1]!)).toContain('Your answer was not accepted:\nSay more.');
  expect(llm.requests.map(({ messages }) => messages.length)).toEqual([2, 4, 6]); // one conversation
});

test('nobody answers for the person: a run that is cancelled while it waits has no output', async () => {
  const run = single(['draft'], { humanInput: true }).start();
  for await (const { type } of run.events()) if (type === 'input.start') break;
  run.cancel('closing time');
  expect((await traced(run)).error?.code).toBe('run/cancelled');
  expect(run.pendingInputs).toEqual([]);
});

function twoTasks(script: readonly ScriptStep[], options: Partial<TaskOptions<undefined>>, crewOptions = {}) {
  const llm = scriptedModel(script);
  const agent = new Agent({ role: 'Writer', goal: 'Write', llm });
  const base = { expectedOutput: 'e', agent };
  const output = z.object({ wind: z.number(), log: z.string() });
  const facts = new Task({ ...base, name: 'facts', description: 'Find', output });
  const report = new Task({ ...base, name: 'report', description: 'Tell', ...options });
  const crew = new Crew({ agents: [agent], ...crewOptions, tasks: [facts, report] });
  return { llm, run: crew.start() };
}
const facts = JSON.stringify({ wind: 5, log: 'long '.repeat(200) });

test('a task is told of earlier ones by the strategy that it or its crew asks for', async () => {
  const none = twoTasks([facts, 'r'], { contextStrategy: 'none' });
  await tracedOutput(none.run);
  expect(asked(none.llm.requests[1]!)).not.toContain('Results of earlier tasks');
  const fields = twoTasks([facts, 'r'], {}, { contextStrategy: { fields: ['wind', 'gusts'] } });
  await tracedOutput(fields.run);
  expect(asked(fields.llm.requests[1]!)).toContain('## facts\n{"wind":5,"gusts":null}');
  const cut = twoTasks([facts, 'r'], { maxContextTokens: 50 });
  await tracedOutput(cut.run);
  expect(asked(cut.llm.requests[1]!)).toMatch(/## facts\n\{"wind":5[\s\S]*more characters\]/);
  const own = twoTasks([facts, 'r'], { maxContextTokens: 1000 }, { maxContextTokens: 50 });
  await tracedOutput(own.run);
  expect(asked(own.llm.requests[1]!)).toContain(facts);
});

test('a summary is one call of the task’s model, inside its task, cut to the limit', async () => {
  const { llm, run } = twoTasks([facts, 'short '.repeat(100), 'r'], {
    contextStrategy: 'summary',
    maxContextTokens: 60,
  });
  const { events } = await traced(run);
  expect(asked(llm.requests[1]!)).toContain('They are for this task: Tell');
  expect(asked(llm.requests[2]!)).toMatch(/## Summary\nshort short[\s\S]*more characters\]/);
  const calls = events.filter(({ type }) => type === 'model.start');
  expect(calls.map(({ spanId }) => spanId.split('/').slice(1).join('/'))).toEqual([
    'facts/agent/turn-1',
    'report/summary',
    'report/agent/turn-1',
  ]);
  expect(run.ledger.map(({ task, agent }) => `${task} ${agent}`)).toEqual([
    'facts Writer',
    'report Writer',
    'report Writer',
  ]);
  const empty = twoTasks([facts, '', 'r'], { contextStrategy: 'summary' });
  await tracedOutput(empty.run);
  expect(asked(empty.llm.requests[2]!)).toContain(facts); // nothing is lost
});
