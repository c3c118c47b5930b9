/** Texts as vectors: in requests of as many as the provider takes, some of them at once. */
import { CancelScope } from '../base/abort.ts';
import { toErrorData } from '../base/error-data.ts';
import type { EmbedReply, ReadyEmbedder, Vector } from '../ports/embedder.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { EmbedEnd } from '../protocol/event.ts';
import { NO_USAGE } from '../protocol/usage.ts';
import { costNanoUsd } from './cost.ts';
import { embedOnce, type Tally } from './embed-once.ts';

/** Requests at work together: enough to hide the way to the provider, few enough for its limits. */
export const EMBED_CONCURRENCY = 4;

export interface BatchOptions {
  readonly context: RunContext;
  /** Of the names of the requests, where `context` has several such lists. */
  readonly prefix?: string;
  /** Hears each reply at once, also where another request fails. Must not throw. */
  readonly onReply?: (texts: readonly string[], reply: EmbedReply) => void;
}

interface Batch {
  readonly texts: readonly string[];
  readonly context: RunContext;
  readonly tally: Tally;
}

type Outcome = { readonly index: number } & (
  | { readonly reply: EmbedReply; readonly error?: never }
  | { readonly error: unknown; readonly reply?: never }
);

/**
 * Gives the vectors in the order of the texts. Each request is a span of its own, with a start and an
 * end; use `context` for one such list of texts.
 *
 * @throws what the first request that failed throws, once the others have ended.
 */
export async function embedBatches(
  ready: ReadyEmbedder,
  texts: readonly string[],
  { context, prefix = '', onReply = () => undefined }: BatchOptions,
): Promise<readonly Vector[]> {
  const { id: model, maxTexts = texts.length } = ready.embedder;
  const cancel = new CancelScope(context.signal);
  const inner = context.withSignal(cancel.signal);
  const batches: Batch[] = [];
  for (let from = 0; from < texts.length; from += maxTexts) {
    const some = texts.slice(from, from + maxTexts);
    batches.push({
      texts: some,
      context: inner.child(`${prefix}embed-${batches.length}`),
      tally: { attempts: 0 },
    });
  }
  const vectors: Vector[][] = [];
  const running = new Map<number, Promise<Outcome>>();
  const failures: unknown[] = [];
  let next = 0;
  try {
    while (next < batches.length || running.size > 0) {
      for (; next < batches.length && running.size < EMBED_CONCURRENCY && !cancel.signal.aborted; next++) {
        const batch = batches[next] as Batch; // below the length
        await batch.context.tell({ type: 'embed.start', model, texts: batch.texts.length });
        running.set(next, run(ready, batch, next));
      }
      if (running.size === 0) break;
      const outcome = await Promise.race(running.values());
      running.delete(outcome.index);
      const batch = batches[outcome.index] as Batch; // one of those that ran
      await batch.context.tell(endOf(ready, batch, outcome));
      if (outcome.reply) {
        vectors[outcome.index] = [...outcome.reply.vectors];
        onReply(batch.texts, outcome.reply);
      } else {
        failures.push(outcome.error);
        cancel.abort(outcome.error); // what the others give would be of no use
      }
    }
  } finally {
    cancel.close();
  }
  if (failures.length > 0) throw failures[0];
  context.signal.throwIfAborted();
  return vectors.flat();
}

/** Never rejects. */
async function run(ready: ReadyEmbedder, { texts, context, tally }: Batch, index: number): Promise<Outcome> {
  try {
    return { index, reply: await context.step('embed', () => embedOnce(ready, texts, { context, tally })) };
  } catch (error) {
    return { index, error };
  }
}

function endOf({ embedder }: ReadyEmbedder, { texts, tally }: Batch, { reply, error }: Outcome): EmbedEnd {
  const usage = reply?.usage ?? NO_USAGE;
  const nano = reply === undefined ? null : costNanoUsd(embedder.price, usage);
  return {
    type: 'embed.end',
    model: embedder.id,
    texts: texts.length,
    dimensions: reply?.vectors[0]?.length ?? null,
    usage,
    costUsd: nano === null ? null : nano / 1e9,
    attempts: tally.attempts,
    error: reply === undefined ? toErrorData(error) : null,
  };
}
