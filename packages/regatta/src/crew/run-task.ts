/** One task of a crew: whether it is done at all, what comes out, and who is told. */
import { toErrorData } from '../base/error-data.ts';
import { RegattaError } from '../base/errors.ts';
import { toJsonOr } from '../base/json.ts';
import { show } from '../base/problems.ts';
import type { Draft } from '../guardrail/draft.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { TaskOutput } from '../protocol/output.ts';
import { callHook } from './call-hook.ts';
import type { TaskCondition, TaskDefinition } from './definition.ts';
import { makeDraft } from './make-draft.ts';
import { outputText, writeOutputFile } from './output-file.ts';
import { fillIn, type PlannedTask } from './plan.ts';
import type { TaskRunOptions, TaskShare } from './task-share.ts';
import { withRetries } from './with-retries.ts';

/** @throws what the agent, a guardrail or a hook throws, after its `task.end`. */
export async function runTask(
  task: PlannedTask,
  options: TaskRunOptions,
  context: RunContext,
): Promise<TaskOutput> {
  const { id, definition } = task;
  const brief = fillIn(task, options.share.inputs);
  const { role } = brief.persona;
  const inner = context.child(id, { task: id, scope: definition.scope });
  const ended = {
    type: 'task.end',
    task: id,
    text: null,
    parsed: null,
    error: null,
    because: null,
  } as const;
  const decision =
    definition.when === undefined ? 'do' : await decide(task, definition.when, { options, context: inner });
  if (decision === 'skip') {
    await inner.tell({ ...ended, status: 'skipped', reason: 'condition' });
    return Object.freeze({ task: id, agent: role, text: '', parsed: undefined, skipped: true });
  }
  await inner.tell({ type: 'task.start', task: id, agent: role, description: brief.description });
  try {
    if (decision !== 'do') throw decision.error;
    const attempt = (key: string): Promise<Draft> => makeDraft(task, { ...options, brief, key }, inner);
    const { retries } = definition;
    const { text, parsed, agent } = await withRetries({ task: id, retries }, attempt, inner);
    const output = Object.freeze({ task: id, agent, text, parsed });
    if (isAwaited(definition, options.share)) await handOver(output, { task, share: options.share }, inner);
    const told = inner.tell({ ...ended, status: 'done', text, parsed: toJsonOr(parsed, null) });
    if (told !== undefined) await told;
    return output;
  } catch (error) {
    await inner.tell({ ...ended, status: 'failed', error: toErrorData(error) });
    throw error;
  }
}

/** Before the task starts; what the condition throws is the task's failure, which needs a start. */
async function decide(
  { id, awaits }: PlannedTask,
  when: TaskCondition,
  { options: { outputs }, context }: { readonly options: TaskRunOptions; readonly context: RunContext },
): Promise<'do' | 'skip' | { readonly error: unknown }> {
  const hook = `The condition of task "${id}"`;
  const before = Object.freeze(awaits.flatMap((before) => outputs.get(before) ?? []));
  try {
    const isWanted = await context.step('when', () => callHook(hook, () => when(before), context));
    if (typeof isWanted !== 'boolean') {
      throw new RegattaError(
        'hook/failed',
        `${hook} must give true or false, and gave ${show(isWanted)}. Correct it.`,
        {
          hook,
        },
      );
    }
    return isWanted ? 'do' : 'skip';
  } catch (error) {
    return { error };
  }
}

interface Handed {
  readonly task: PlannedTask;
  readonly share: TaskShare;
}

/** Whether anything is done with the output before its task has ended. */
function isAwaited({ outputFile, callback }: TaskDefinition, { taskCallback }: TaskShare): boolean {
  return (outputFile ?? callback ?? taskCallback) !== undefined;
}

/** Each as a step: a run that is resumed does not write, or call, again. */
async function handOver(
  output: TaskOutput,
  { task: { id, definition }, share }: Handed,
  context: RunContext,
): Promise<void> {
  const { outputFile: template, callback } = definition;
  if (template !== undefined) {
    const file = { template, inputs: share.inputs, directory: share.outputDirectory };
    await context.step('output-file', () => writeOutputFile(file, outputText(output)));
  }
  for (const [key, whose, call] of [
    ['callback', 'task', callback],
    ['task-callback', 'crew', share.taskCallback],
  ] as const) {
    if (call === undefined) continue;
    await context.step(key, async () => {
      await callHook(`The ${whose}'s callback for task "${id}"`, () => call(output), context);
      return null;
    });
  }
}
