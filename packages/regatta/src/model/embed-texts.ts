/**
 * Any number of texts as vectors, from a cache where there is one.
 *
 * Each text is kept by itself, so requests hold only those that nobody has asked for. Of calls at once
 * that need one text, the first asks for it and the others wait: a call asks for its own first and waits
 * then, so no two calls wait for each other. What failed is kept for nobody: who waited for it asks for
 * itself.
 */
import { untilAborted } from '../base/abort.ts';
import type { KeptVector, ReadyEmbedder, Vector, VectorCache, VectorLanding } from '../ports/embedder.ts';
import type { RunContext } from '../ports/run-context.ts';
import { isOfTheModel } from './cached.ts';
import { embedBatches } from './embed-batches.ts';
import { keepVectors, readVector, toldKept } from './kept-vectors.ts';

/**
 * Gives the vectors in the order of the texts. Each request is a span of its own, with a start and an
 * end, and so is what comes from a cache; use `context` for one such list of texts.
 *
 * @throws what the first request that failed throws, once the others have ended.
 */
export async function embedTexts(
  ready: ReadyEmbedder,
  texts: readonly string[],
  context: RunContext,
): Promise<readonly Vector[]> {
  const { cache } = ready;
  if (cache === undefined) return await embedBatches(ready, texts, { context });
  const found = new Map<string, Vector>();
  const alone = new Set<string>();
  for (let round = 0; ; round++) {
    const rest = [...new Set(texts)].filter((text) => !found.has(text));
    if (rest.length === 0) break;
    const prefix = round === 0 ? '' : `round-${round}-`;
    await embedSome({ ready, cache, context, prefix, found, alone }, rest);
  }
  return texts.map((text) => found.get(text) as Vector); // the loop ends when all are there
}

interface Round {
  readonly ready: ReadyEmbedder;
  readonly cache: VectorCache;
  readonly context: RunContext;
  /** Of the names of its spans. */
  readonly prefix: string;
  readonly found: Map<string, Vector>;
  /** Texts that failed for another: they are asked for without waiting again. */
  readonly alone: Set<string>;
}

/** All of `texts` but those for which another asked, and went or failed. */
async function embedSome(round: Round, texts: readonly string[]): Promise<void> {
  const { ready, cache, context, prefix, found, alone } = round;
  const { signal, orphan } = context;
  const claims = new Claims(cache, context);
  /** Held from the start: a flight that lands while we ask for our own is gone from the cache. */
  const flights = new Map<string, Promise<VectorLanding>>();
  const take = (places: readonly Place[]): readonly KeptVector[] =>
    places.flatMap(({ text, kept }) => {
      if (kept === null) return [];
      found.set(text, kept.vector);
      return [kept];
    });
  let waiting: readonly string[];
  let landing: VectorLanding = { is: 'left' };
  try {
    const kept = context.child(`${prefix}kept`);
    // Recorded, so that a run that goes on asks for the same texts, whatever the cache holds by then.
    const looking = kept.step('read', () => lookUp(texts, { claims, flights, cache, alone, context }));
    const places = await untilAborted(looking, signal, orphan);
    await toldKept(ready, take(places), kept);
    const missing = places.filter(({ is }) => is === 'missing').map(({ text }) => text);
    const vectors = await embedBatches(ready, missing, {
      context,
      prefix,
      onReply: (some, reply) => {
        for (const [index, entry] of keepVectors(ready.embedder, some, reply).entries())
          claims.answer(some[index] ?? '', entry);
      },
    });
    for (const [index, text] of missing.entries()) found.set(text, vectors[index] as Vector); // one for each
    waiting = places.filter(({ is }) => is === 'awaited').map(({ text }) => text);
  } catch (error) {
    if (!signal.aborted && isOfTheModel(error)) landing = { is: 'failed' };
    throw error;
  } finally {
    claims.close(landing);
  }
  if (waiting.length === 0) return;
  const waited = context.child(`${prefix}waited`);
  const landed = await untilAborted(
    waited.step('wait', () => waitFor(waiting, { flights, cache })),
    signal,
    orphan,
  );
  for (const { text, is } of landed) if (is === 'failed') alone.add(text);
  await toldKept(ready, take(landed), waited);
}

/** Where a text's vector is. */
interface Place {
  readonly text: string;
  readonly is: 'kept' | 'missing' | 'awaited' | 'failed' | 'left';
  readonly kept: KeptVector | null;
}

interface Looking {
  readonly claims: Claims;
  /** By text. */
  readonly flights: Map<string, Promise<VectorLanding>>;
  readonly cache: VectorCache;
  readonly alone: ReadonlySet<string>;
  readonly context: RunContext;
}

/** Claims what nobody asks for, all at once, and then looks whether it is there. */
async function lookUp(
  texts: readonly string[],
  { claims, flights, cache, alone, context }: Looking,
): Promise<readonly Place[]> {
  const { store } = cache.policy;
  for (const text of texts) {
    const flight = claims.claim(text);
    if (flight !== undefined && !alone.has(text)) flights.set(text, flight);
  }
  return await Promise.all(
    texts.map(async (text): Promise<Place> => {
      if (flights.has(text)) return { text, is: 'awaited', kept: null };
      const kept = alone.has(text) ? undefined : await readVector(text, cache, context);
      store.count(kept === undefined ? 'miss' : 'hit');
      if (kept === undefined) return { text, is: 'missing', kept: null };
      claims.land(text, { is: 'answered', kept });
      return { text, is: 'kept', kept };
    }),
  );
}

async function waitFor(
  texts: readonly string[],
  { flights, cache }: Pick<Looking, 'flights' | 'cache'>,
): Promise<readonly Place[]> {
  const places = texts.map(async (text): Promise<Place> => {
    const landing = await flights.get(text);
    // A run that goes on was not there when the flight began.
    if (landing === undefined) return { text, is: 'left', kept: null };
    if (landing.is !== 'answered') return { text, is: landing.is, kept: null };
    cache.policy.store.count('hit');
    return { text, is: 'kept', kept: landing.kept };
  });
  return await Promise.all(places);
}

/** The texts for which one call asks, for all. */
class Claims {
  readonly #cache: VectorCache;
  readonly #context: RunContext;
  readonly #lands = new Map<string, (landing: VectorLanding) => void>();
  #isClosed = false;

  constructor(cache: VectorCache, context: RunContext) {
    this.#cache = cache;
    this.#context = context;
  }

  /** Gives the flight of another that has it already. */
  claim(text: string): Promise<VectorLanding> | undefined {
    const { flights, keyOf } = this.#cache;
    const key = keyOf(text, this.#context);
    const flight = flights.get(key);
    if (flight !== undefined) return flight;
    // Whoever was cancelled before it looked would leave a flight behind that never lands.
    if (this.#isClosed) return undefined;

    const { promise, resolve } = Promise.withResolvers<VectorLanding>();
    flights.set(key, promise);
    this.#lands.set(text, (landing) => {
      flights.delete(key);
      resolve(landing);
    });
    return undefined;
  }

  /** Keeps the vector, and gives it to those who wait. */
  answer(text: string, kept: KeptVector): void {
    const { policy, keyOf } = this.#cache;
    const nowMs = this.#context.clock.now();
    const life = { nowMs, expiresAtMs: nowMs + policy.ttlMs };
    try {
      policy.store.write(keyOf(text, this.#context), JSON.stringify(kept), life);
    } catch {
      // It is not kept; the store counts its failures, and the call has its vectors.
    }
    this.land(text, { is: 'answered', kept });
  }

  land(text: string, landing: VectorLanding): void {
    this.#lands.get(text)?.(landing);
    this.#lands.delete(text);
  }

  /** Lands all that have not landed. */
  close(landing: VectorLanding): void {
    this.#isClosed = true;
    for (const text of [...this.#lands.keys()]) this.land(text, landing);
  }
}
