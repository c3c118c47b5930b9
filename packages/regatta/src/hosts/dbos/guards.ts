/** The guards of a crew: none that stands where its run is ordered may be missing where it is done. */
import { RegattaError } from '../../base/errors.ts';
import type { Job } from '../../ports/engine.ts';

/** Each by what it is called, where it stands, and before or after what. */
export function guardsOf({ entries }: Pick<Job<unknown>, 'entries'>): readonly string[] {
  return Array.from(entries()).flatMap(([address, entry]) =>
    entry.kind === 'guard' ? [`"${entry.name}" of ${address.replace(/\/.*/, '')} at ${entry.at}`] : [],
  );
}

/** Guards are no part of a fingerprint. @throws RegattaError `engine/not-portable` */
export function checkGuards(wanted: readonly string[], job: Pick<Job<unknown>, 'entries' | 'name'>): void {
  const left = [...guardsOf(job)];
  const missing = wanted.filter((one) => {
    const at = left.indexOf(one);
    if (at !== -1) left.splice(at, 1); // each stands for one of its name
    return at === -1;
  });
  if (missing.length === 0) return;
  throw new RegattaError(
    'engine/not-portable',
    `The crew "${job.name}" of this worker lacks guards that it has where the run was ordered: ${missing.join(', ')}. Start workers with the same code, then requeue the run.`,
    { engine: 'dbos', field: 'callbacks' },
  );
}
