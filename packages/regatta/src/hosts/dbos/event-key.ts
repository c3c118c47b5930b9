/** By what an event is known again, so that a recovered run tells nothing twice and leaves nothing out. */
import type { EventBody, RunEvent } from '../../protocol/event.ts';
import { isGoodEnd } from '../../run/ending.ts';

/** The same for an event and its repetition. What may truly happen again has the epoch in it. */
export function keyOf(event: RunEvent): string {
  const { id, runId, epoch = 1, parentId } = event;
  const place = id.slice(runId.length);
  return parentId === null || mayHappenAgain(event) ? `${place}@${epoch}` : place;
}

/** As `isTold` of a recording: by the keys of what was written. */
export function toldBy(
  runId: string,
  keys: ReadonlySet<string>,
): (spanId: string, body: EventBody) => boolean {
  return (spanId, body) => !mayHappenAgain(body) && keys.has(`${spanId.slice(runId.length)}:${body.type}`);
}

/** What failed is tried again; pieces, retries and rejections are of their epoch. */
function mayHappenAgain(body: EventBody): boolean {
  switch (body.type) {
    case 'model.delta':
    case 'model.retry':
    case 'output.rejected':
      return true;
    default:
      return body.type.endsWith('.end') && !isGoodEnd(body);
  }
}
