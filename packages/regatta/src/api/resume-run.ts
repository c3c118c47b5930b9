/** Goes on with a run of a journal, whatever it is a run of. */
import type { Fingerprint } from '../ports/journal.ts';
import { type JournalInput, journalMissing } from '../run/journals.ts';
import type { RecordingSetup } from '../run/recording.ts';
import { claimRun, letGo } from '../run/resume.ts';
import type { Run } from '../run/run.ts';
import type { RuntimeCore } from '../run/runtime.ts';

/** How a run is taken out of its journal. */
export interface ClaimOptions {
  /** Go on although prompts, schemas, tools or models are not those that the run was recorded with. @default false */
  readonly allowChanges?: boolean;
  /** Take the run from whoever holds it; what that one still writes is refused. @default false */
  readonly takeOver?: boolean;
}

export interface Resumption extends ClaimOptions {
  readonly runId: string;
  readonly journal: JournalInput | undefined;
  /** Of the definition that goes on. */
  readonly fingerprint: Fingerprint;
}

/**
 * Takes the run, and starts it again. One that cannot be started is let go of.
 *
 * @throws RegattaError `journal/missing`, `journal/unknown-run`, `journal/held`, `journal/code-changed`,
 * or what `start` throws.
 */
export async function resumeRun<Output>(
  core: RuntimeCore,
  { runId, journal: given, fingerprint, allowChanges = false, takeOver = false }: Resumption,
  start: (recording: RecordingSetup) => Run<Output>,
): Promise<Run<Output>> {
  const journal = core.journalOf(given);
  if (journal === undefined) throw journalMissing('resume');
  const recording = await claimRun(journal, runId, { fingerprint, allowChanges, takeOver });
  try {
    return start(recording);
  } catch (error) {
    await letGo(recording, error);
    throw error;
  }
}
