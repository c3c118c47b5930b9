/** A crew's run: its inputs, its tasks by the graph, and what came out. */
import { CancelScope } from '../base/abort.ts';
import { RegattaError } from '../base/errors.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { SkipReason, TaskOutput } from '../protocol/output.ts';
import { NO_ADVICE } from './advice.ts';
import type { CrewDefinition } from './definition.ts';
import { type CrewPlan, checkRunInputs, type PlannedTask } from './plan.ts';
import { NO_PLANS, planTasks } from './planning.ts';
import { runTask } from './run-task.ts';
import { type Outcome, schedule } from './schedule.ts';
import type { TaskShare } from './task-share.ts';
import { openTeam } from './team.ts';
import { readAdvice } from './training.ts';

export interface PlannedCrew extends CrewDefinition {
  readonly plan: CrewPlan;
}

/**
 * Returns the outputs of all tasks, in the crew's order, those of skipped ones included.
 *
 * @throws RegattaError `inputs/missing` before any task starts, or the error of the first task, in
 * that order, that failed by itself.
 */
export async function runCrew(
  crew: PlannedCrew,
  given: TaskShare,
  context: RunContext,
): Promise<readonly TaskOutput[]> {
  const { plan, concurrency, onTaskFailure } = crew;
  checkRunInputs(plan, given.inputs);
  const { inputs } = given;
  const advice = crew.training === undefined ? NO_ADVICE : await readAdvice(crew.training, context);
  const team = openTeam(crew, inputs, advice);
  const plans =
    crew.planner === undefined ? NO_PLANS : await planTasks(crew.planner, { crew, team, inputs }, context);
  const share = { ...given, team, plans };
  // In a chain there is nothing beside a task that its failure could stop.
  const siblings = plan.isChain ? undefined : new CancelScope(context.signal);
  const { signal } = siblings ?? context;
  const inner = siblings === undefined ? context : context.withSignal(signal);
  try {
    const outcomes = await schedule<PlannedTask, TaskOutput>(plan.tasks, {
      limit: concurrency,
      run: (task, outputs) => runTask(task, { share, outputs }, inner),
      skip: (task, because, reason) => tellSkip(task, { because, reason }, context),
      onFailure: ({ id }) => {
        if (onTaskFailure === 'cancel') siblings?.abort(cancelledBy(id));
        return signal.aborted || onTaskFailure === 'cancel' ? 'stop' : 'go-on';
      },
    });
    return collect(plan.ids, outcomes, signal);
  } finally {
    siblings?.close();
  }
}

/** A failure of its own goes before one that only says that the task was stopped. */
function collect(
  ids: readonly string[],
  outcomes: ReadonlyMap<string, Outcome<TaskOutput>>,
  signal: AbortSignal,
): readonly TaskOutput[] {
  const outputs: TaskOutput[] = [];
  const errors: unknown[] = [];
  for (const id of ids) {
    const outcome = outcomes.get(id) as Outcome<TaskOutput>; // every task has one
    if (outcome.status === 'done') outputs.push(outcome.output);
    else if (outcome.status === 'failed') errors.push(outcome.error);
  }
  if (errors.length > 0)
    throw errors.find((error) => !signal.aborted || error !== signal.reason) ?? errors[0];
  return outputs;
}

interface Skip {
  readonly because: string;
  readonly reason: SkipReason;
}

function tellSkip({ id, definition }: PlannedTask, why: Skip, context: RunContext) {
  const inner = context.child(id, { task: id, scope: definition.scope });
  const nothing = { text: null, parsed: null, error: null };
  return inner.tell({ type: 'task.end', task: id, status: 'skipped', ...nothing, ...why });
}

function cancelledBy(because: string): RegattaError {
  return new RegattaError(
    'task/cancelled',
    `The task was stopped because task "${because}" failed. Mend that one, or set onTaskFailure: 'spare' to let the others finish.`,
    { because },
  );
}
