/** How runs, and what happens in them, end. */
import { isRegattaError, messageOf, RegattaError } from '../base/errors.ts';
import type { EventBody } from '../protocol/event.ts';
import type { RunStatus } from '../protocol/output.ts';

export function statusOf(error: unknown, { aborted }: AbortSignal): RunStatus {
  if (aborted && isRegattaError(error, 'run/suspended')) return 'suspended';
  return aborted && isRegattaError(error, 'run/cancelled') ? 'cancelled' : 'failed';
}

/** What failed or was skipped is done again by a resumed run, and told again. */
export function isGoodEnd(body: EventBody): boolean {
  const hasFailed = 'error' in body && body.error !== null;
  return !hasFailed && (!('status' in body) || body.status === 'done');
}

export function toRunError(thrown: unknown, runId: string): RegattaError {
  if (isRegattaError(thrown)) return thrown;
  const reason = messageOf(thrown).replace(/[.!?]?$/, '.'); // somebody else's sentence, or half of one
  const message = `Run "${runId}" failed: ${reason} See the cause for where it was thrown.`;
  return new RegattaError('run/failed', message, { runId }, { cause: thrown });
}
