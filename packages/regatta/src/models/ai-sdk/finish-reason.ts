/** Why a model stopped, from the specification's words to ours. */
import type { FinishReason } from '../../protocol/event.ts';
import type { SpecFinishReason } from './specification.ts';

const KNOWN: Readonly<Record<string, FinishReason>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool-calls',
  'content-filter': 'content-filter',
  error: 'error',
};

/** `other` and whatever is not known here give null: no reason that one could act on was sent. */
export function toFinishReason(reason: SpecFinishReason): FinishReason {
  if (typeof reason === 'string') return KNOWN[reason] ?? null;
  // Anthropic's turn goes on in another request; the specification has no word for it and says `stop`.
  if (reason.raw === 'pause_turn') return 'pause';
  return KNOWN[reason.unified] ?? null;
}
