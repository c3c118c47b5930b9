/** What a task is given when it is run. */
import type { Inputs } from '../base/template.ts';
import type { FileSources } from '../context/input-files.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { TaskOutput } from '../protocol/output.ts';
import type { TaskCallback } from './definition.ts';
import type { Team } from './team.ts';

/** What all tasks of a run share. */
export interface TaskShare {
  readonly inputs: Inputs;
  /** For an agent without one of its own. */
  readonly defaultLlm: LlmDefinition | undefined;
  readonly taskCallback: TaskCallback | undefined;
  /** Shown to every agent, beside the task's own. */
  readonly files: FileSources;
  /** Absolute. */
  readonly outputDirectory: string;
}

/** What a run's tasks share once its inputs were checked. */
export interface TeamShare extends TaskShare {
  readonly team: Team;
  /** What was planned for tasks, by id. */
  readonly plans: ReadonlyMap<string, string>;
}

export interface TaskRunOptions {
  readonly share: TeamShare;
  /** Outputs of the tasks that are done, by id. */
  readonly outputs: ReadonlyMap<string, TaskOutput>;
}
