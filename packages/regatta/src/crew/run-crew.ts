/** A crew's run: its plan, its tasks by the graph, and what came out. */
import type { Inputs } from '../base/template.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Work } from '../ports/span.ts';
import type { TaskOutput } from '../protocol/output.ts';
import { type CrewPlan, checkRunInputs, type PlannedTask } from './plan.ts';
import { runTask } from './run-task.ts';
import { schedule } from './schedule.ts';

export interface PlannedCrew {
  readonly plan: CrewPlan;
  /** For agents without one. */
  readonly llm: LlmDefinition | undefined;
}

/** Tasks of one run at work together. */
const TASK_CONCURRENCY = 8;

/**
 * Returns the outputs of all tasks, in the crew's order.
 *
 * @throws RegattaError `inputs/missing` before any task starts, or the error of the first task, in
 * that order, that failed.
 */
export async function* runCrew(
  crew: PlannedCrew,
  inputs: Inputs,
  context: RunContext,
): Work<readonly TaskOutput[]> {
  const { plan, llm: defaultLlm } = crew;
  checkRunInputs(plan, inputs);
  const outcomes = yield* schedule<PlannedTask, TaskOutput>(plan.tasks, {
    limit: TASK_CONCURRENCY,
    run: (task, outputs) => runTask(task, { inputs, outputs, defaultLlm }, context),
    skip: (task, because) => ({
      span: context.child(task.id, { task: task.id }).span,
      body: {
        type: 'task.end',
        task: task.id,
        status: 'skipped',
        text: null,
        parsed: null,
        error: null,
        because,
      },
    }),
  });
  return plan.ids.map((id) => {
    const outcome = outcomes.get(id);
    if (outcome?.status === 'done') return outcome.output;
    // A skipped task comes after the one that failed: what it needs stands earlier in the crew.
    throw outcome?.status === 'failed' ? outcome.error : new Error(`Task "${id}" was skipped.`);
  });
}
