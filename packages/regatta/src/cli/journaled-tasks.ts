/** What the tasks of a run gave, from a journal. */
import type { CrewOutput, JournaledRun, JournaledSteps, Json } from '../index.ts';
import { badOption } from './inputs.ts';
import { journalName, openJournal } from './journal-target.ts';

export interface LoggedTask {
  readonly task: string;
  /** '' where it is not recorded. */
  readonly agent: string;
  /** `done`, `failed`, `skipped`, …; `running` where there is no end of it. */
  readonly status: string;
  readonly text: string | null;
  /** A journal has it of the last task alone, since texts are parsed anew by who resumes. */
  readonly parsed: Json;
  /** The code of its error. */
  readonly error: string | null;
}

export interface RunTasks {
  readonly runId: string;
  readonly tasks: readonly LoggedTask[];
}

/** Runs that are looked through for the last one of a crew. */
const LIMIT = 1000;

/**
 * Outputs of the run, or of the last one of a crew. A journal has the outputs of runs that succeeded; of
 * others it has the steps, so that tasks which began have no more than their names.
 *
 * @throws RegattaError `cli/bad-option`, `journal/failed`
 */
export async function readJournaled(target: string, run: string | undefined): Promise<RunTasks> {
  await using journal = await openJournal(target);
  const runId = run ?? (await journal.list({ limit: LIMIT })).find((one) => tasksOf(one).length > 0)?.runId;
  const found = runId === undefined ? undefined : await journal.read(runId);
  if (runId === undefined || found === undefined) {
    const name = journalName(target);
    const message =
      runId === undefined
        ? `The journal ${name} has no run of a crew. Give one that regatta run --journal recorded.`
        : `The journal ${name} has no run "${runId}". Look at: regatta runs list --journal ${name}.`;
    throw badOption(runId === undefined ? '--journal' : 'run', runId ?? name, message);
  }
  const { output } = found.run.ending ?? {};
  return { runId, tasks: output ? ended(output as unknown as CrewOutput) : begun(found) }; // it was the output of a crew's run
}

function ended({ tasks = [], parsed }: Partial<CrewOutput>): readonly LoggedTask[] {
  const last = tasks.findLast(({ skipped }) => skipped !== true);
  return tasks.map(({ task, agent, text, skipped = false }) => ({
    task,
    agent,
    status: skipped ? 'skipped' : 'done',
    text: skipped ? null : text,
    parsed: task === last?.task ? ((parsed ?? null) as Json) : null, // a journal holds JSON
    error: null,
  }));
}

/** Tasks that have a record: its key begins with the task. */
function begun({ run, records }: JournaledSteps): readonly LoggedTask[] {
  const names = new Set(records.map(({ key }) => key.split(/[/:]/, 1)[0]));
  return tasksOf(run)
    .filter((task) => names.has(task))
    .map((task) => ({ task, agent: '', status: 'running', text: null, parsed: null, error: null }));
}

/** Names of the tasks, as the fingerprint of a crew has them, in its order. */
function tasksOf({ fingerprint }: JournaledRun): readonly string[] {
  return Object.keys(fingerprint).flatMap((part) => /^task "(.*)"$/s.exec(part)?.[1] ?? []);
}
