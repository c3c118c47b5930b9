/** Tests a crew: runs it several times, and has a model score what each task gave. */
import { toErrorData } from '../base/error-data.ts';
import type { JsonObject } from '../base/json.ts';
import { Problems } from '../base/problems.ts';
import { interpolate } from '../base/template.ts';
import type { PlannedCrew } from '../crew/run-crew.ts';
import { type TaskScore, type TestIteration, type TestResult, toTestResult } from '../crew/score.ts';
import type { CrewOutput, TaskOutput } from '../protocol/output.ts';
import type { Run } from '../run/run.ts';
import type { RuntimeCore } from '../run/runtime.ts';
import { askOnce } from './ask-once.ts';
import type { KickoffOptions } from './crew-options.ts';
import { type LlmInput, toLlm } from './llm.ts';

export interface TestOptions extends Omit<KickoffOptions, 'bufferSize' | 'journal'> {
  /** Runs, one after the other. */
  readonly iterations: number;
  /** Scores each task from 1 to 10. Another model than the crew's judges more fairly. */
  readonly judge: LlmInput;
}

export interface Tested {
  readonly crew: PlannedCrew;
  readonly core: RuntimeCore;
  start(options: KickoffOptions): Run<CrewOutput>;
}

/**
 * A run, or a judge, that fails is an iteration with an error.
 *
 * @throws RegattaError `definition/invalid`; `run/cancelled` when `signal` is aborted.
 */
export async function testCrew(tested: Tested, options: TestOptions): Promise<TestResult> {
  const { iterations, judge } = options;
  const problems = new Problems(`The test of crew "${tested.crew.name}"`);
  problems.integer('iterations', iterations ?? 0, 1);
  if (judge === undefined) problems.add('judge', judge, 'judge is missing. Name the model that scores.');
  problems.throwIfAny();
  const done: TestIteration[] = [];
  for (let number = 1; number <= iterations; number++) done.push(await testOnce(tested, options));
  return toTestResult(done);
}

async function testOnce(
  { crew, core, start }: Tested,
  { iterations: _, judge, ...options }: TestOptions,
): Promise<TestIteration> {
  const run = start({ ...options, bufferSize: Number.POSITIVE_INFINITY });
  const times = await timesOf(run);
  const costs: (number | null)[] = [];
  const facts = (): Omit<TestIteration, 'tasks' | 'error'> => ({
    runId: run.id,
    durationMs: times.get('') ?? 0,
    usage: run.usage,
    judgeCostUsd: costs.includes(null) ? null : costs.reduce<number>((sum, cost) => sum + (cost ?? 0), 0),
  });
  try {
    const { tasks, usage } = await run.result;
    const scores: TaskScore[] = [];
    for (const output of tasks.filter(({ skipped }) => skipped !== true)) {
      const prompt = promptFor(output, crew, options.inputs ?? {});
      const question = { llm: toLlm(judge), prompt, schema: SCORE, signal: options.signal };
      const answer = await askOnce(core, question);
      costs.push(answer.usage.costUsd);
      const { task, agent } = output;
      const told = answer.value as Pick<TaskScore, 'score' | 'reason'>; // by the schema
      const spent = usage.byTask[task]?.costUsd ?? null;
      scores.push(Object.freeze({ task, agent, ...told, durationMs: times.get(task) ?? 0, costUsd: spent }));
    }
    return Object.freeze({ ...facts(), tasks: Object.freeze(scores), error: null });
  } catch (error) {
    options.signal?.throwIfAborted();
    return Object.freeze({ ...facts(), tasks: [], error: toErrorData(error) });
  }
}

/** Milliseconds of each task, and under '' of the run, as its events say. */
async function timesOf(run: Run<CrewOutput>): Promise<ReadonlyMap<string, number>> {
  const starts = new Map<string, number>();
  const times = new Map<string, number>();
  for await (const event of run.events()) {
    if (event.type === 'events.gap') continue;
    const name = event.type.startsWith('task.') ? (event.task ?? '') : '';
    if (event.type === 'run.start' || event.type === 'task.start') starts.set(name, event.time);
    if (event.type === 'run.end' || event.type === 'task.end')
      times.set(name, event.time - (starts.get(name) ?? event.time));
  }
  return times;
}

const SCORE: JsonObject = Object.freeze({
  type: 'object',
  properties: {
    score: { type: 'integer', minimum: 1, maximum: 10 },
    reason: { type: 'string', minLength: 1 },
  },
  required: ['score', 'reason'],
  additionalProperties: false,
});

function promptFor(
  { task, text }: TaskOutput,
  { plan }: PlannedCrew,
  inputs: NonNullable<KickoffOptions['inputs']>,
): string {
  const definition = plan.tasks.find(({ id }) => id === task)?.definition;
  const description = interpolate(definition?.description ?? task, inputs);
  const expected = interpolate(definition?.expectedOutput ?? '', inputs);
  return `Score how well an answer does a task, from 1 (useless) to 10 (nothing to be better), and give the reason.\n\nTask:\n${description}\n\nExpected output: ${expected}\n\nAnswer:\n${text}`;
}
