/** What a run rejects with, whatever was thrown in it. */
import { isRegattaError, messageOf, RegattaError } from '../base/errors.ts';

/** Errors of ours come through as they are. */
export function toRunError(thrown: unknown, runId: string): RegattaError {
  if (isRegattaError(thrown)) return thrown;
  const reason = messageOf(thrown).replace(/[.!?]?$/, '.'); // somebody else's sentence, or half of one
  const message = `Run "${runId}" failed: ${reason} See the cause for where it was thrown.`;
  return new RegattaError('run/failed', message, { runId }, { cause: thrown });
}
