/** A run that waits for a person, and nobody may hear of it. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Agent, Crew, callback, createRuntime, type KickoffOptions, otlpSink, Task } from '../index.ts';
import { memoryJournal, scriptedModel } from '../testing/index.ts';

const warnings: { text: string; code: unknown }[] = [];
beforeEach(() => {
  warnings.length = 0;
  vi.spyOn(process, 'emitWarning').mockImplementation(((text: string, options: { code: string }) => {
    warnings.push({ text, code: options.code });
  }) as typeof process.emitWarning);
});
afterEach(() => vi.restoreAllMocks());

function crewOf() {
  const agent = new Agent({ role: 'Writer', goal: 'Write', llm: scriptedModel(['a', 'b']) });
  const base = { description: 'd', expectedOutput: 'e', agent, humanInput: true };
  return new Crew({ agents: [agent], tasks: [new Task(base), new Task(base)] });
}

/** Waits until it is asked, twice, and accepts. */
async function answered(options: KickoffOptions, accepts: (token: string) => Promise<unknown> | unknown) {
  const asked = Promise.withResolvers<void>();
  const hears = callback(async (event) => {
    if (event.type === 'input.start') await accepts(event.token);
    if (event.type === 'run.end') asked.resolve();
  });
  const runtime = createRuntime();
  const output = runtime.run(crewOf(), { ...options, callbacks: [hears, ...(options.callbacks ?? [])] });
  return { runtime, output };
}

const accept = { answer: { accepted: true } } as const;

test('kickoff() warns once of what it waits for, with the token and what to do, and goes on waiting', async () => {
  const { runtime, output } = await answered({}, (token) =>
    runtime.respond(token.split('/')[0]!, token, accept),
  );
  const { runId } = await output;
  expect(warnings).toEqual([{ code: 'REGATTA_INPUT_UNHEARD', text: expect.any(String) }]);
  const { text } = warnings[0]!;
  expect(text).toContain(`Run "${runId}" waits for a person`);
  expect(text).toContain(`(token "${runId}/task-1/review-1")`);
  expect(text).toContain('onInput');
});

test.each<[string, KickoffOptions, number]>([
  [
    'a callback that asks for requests by name',
    { callbacks: [callback(() => {}, { on: ['input.start'] })] },
    0,
  ],
  ['a journal, by which anybody may answer', { journal: memoryJournal() }, 0],
  [
    'a sink, which answers nobody',
    { callbacks: [otlpSink({ endpoint: 'http://127.0.0.1:1', onFailure: () => {} } as never)] },
    1,
  ],
])('how many warnings there are with %s', async (_name, options, count) => {
  const { runtime, output } = await answered(options, (token) =>
    runtime.respond(token.split('/')[0]!, token, {
      ...accept,
      ...(options.journal && { journal: options.journal }),
    }),
  );
  await output;
  expect(warnings.filter(({ code }) => code === 'REGATTA_INPUT_UNHEARD')).toHaveLength(count);
});

test('who holds the run, or gave a function, is not warned; an agent without a crew warns alike', async () => {
  await crewOf().kickoff({ onInput: () => ({ accepted: true }) });
  const run = crewOf().start();
  for await (const event of run.events())
    if (event.type === 'input.start') run.respond(event.token, { accepted: true });
  await run.result;
  expect(warnings).toEqual([]);
});
