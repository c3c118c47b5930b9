/** What is read off a run's events while it goes on, for who wants its answer in pieces. */
import type { RunEvent } from '../protocol/event.ts';
import type { Run } from '../run/run.ts';

/** Reads the events of one run, in their order; most of them are no part of what is read. */
export interface PartReader<Part> {
  read(event: RunEvent): Part | undefined;
}

/**
 * All parts from the first on. Whoever leaves early cancels the run.
 * @throws what the run's result rejects with, behind its parts.
 */
export async function* readParts<Part>(
  run: Run<unknown>,
  reader: PartReader<Part>,
): AsyncGenerator<Part, void, void> {
  let hasEnded = false;
  try {
    for await (const event of run.events()) {
      const part = event.type === 'events.gap' ? undefined : reader.read(event);
      if (part !== undefined) yield part;
    }
    hasEnded = true;
  } finally {
    if (!hasEnded) run.cancel('the reader of its stream has left');
  }
  await run.result;
}
