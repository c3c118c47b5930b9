/** What a new run of a crew has of another run, wherever it then executes. */
import { fingerprintOf, taskPart } from '../crew/fingerprint.ts';
import { affectedBy } from '../crew/plan.ts';
import type { PlannedCrew } from '../crew/run-crew.ts';
import type { Journal } from '../ports/journal.ts';
import type { LlmDefinition } from '../ports/model.ts';
import { type Forked, type ForkPoint, readFork } from '../run/resume.ts';

export interface CrewFork {
  readonly runId: string;
  readonly from: ForkPoint;
  readonly allowChanges: boolean;
  /** The runtime's. */
  readonly defaultLlm: LlmDefinition | undefined;
}

/** @throws RegattaError as `readFork` */
export async function readCrewFork(
  crew: PlannedCrew,
  journal: Journal,
  { runId, from, allowChanges, defaultLlm }: CrewFork,
): Promise<Forked> {
  return await readFork(journal, runId, {
    from,
    allowChanges,
    fingerprint: fingerprintOf(crew, defaultLlm),
    affected: (task) => affectedBy(crew.plan, task),
    partOf: taskPart,
  });
}
