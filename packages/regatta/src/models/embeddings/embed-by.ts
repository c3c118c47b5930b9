/** An embedder out of one function that asks: aborts, errors and answers that do not fit are seen to here. */
import { untilAborted } from '../../base/abort.ts';
import { RegattaError } from '../../base/errors.ts';
import type { Embedder, EmbedReply } from '../../ports/embedder.ts';
import { toModelError } from '../ai-sdk/errors.ts';

export interface EmbedBy extends Omit<Embedder, 'embed'> {
  /** One to hide, one to name, as for models. */
  readonly key?: string | undefined;
  readonly keyVariable?: string | undefined;
  ask(texts: readonly string[], signal: AbortSignal): Promise<EmbedReply>;
}

export function embedBy({ id, maxTexts, price, key, keyVariable, ask }: EmbedBy): Embedder {
  return Object.freeze<Embedder>({
    id,
    maxTexts,
    price,
    async embed(texts, { signal, clock, orphan }) {
      try {
        signal.throwIfAborted();
        const reply = await untilAborted(ask(texts, signal), signal, orphan);
        if (reply.vectors.length !== texts.length) throw miscounted(id, reply.vectors.length, texts.length);
        return reply;
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        throw toModelError(error, { model: id, keyVariable, key, now: clock.now() });
      }
    },
  });
}

/** Then no vector is known to belong to its text. */
function miscounted(model: string, got: number, asked: number): RegattaError {
  return new RegattaError(
    'model/malformed-response',
    `${model} gave ${got} vectors for ${asked} texts, so they cannot be told apart. Try again; if it stays so, check the base URL.`,
    { model, status: 200, retryable: true, retryAfterMs: null, providerCode: null },
  );
}
