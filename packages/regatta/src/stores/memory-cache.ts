/** Replies of models, kept in memory: the ones that were used last. */
import { Problems } from '../base/problems.ts';
import type { CacheStats, Lifetime, ReplyStore } from '../ports/reply-store.ts';

export interface MemoryCacheOptions {
  /** Replies kept at most. @default 1000 */
  readonly maxEntries?: number;
  /** Bytes of replies, as JSON in UTF-8, kept at most. @default 67108864 */
  readonly maxBytes?: number;
}

export interface MemoryCache extends ReplyStore {
  stats(): CacheStats;
}

interface Kept {
  readonly text: string;
  readonly bytes: number;
  readonly expiresAtMs: number;
}

const MAX_ENTRIES = 1000;
const MAX_BYTES = 64 * 1024 * 1024;

/** Replies end with it. What was used least lately makes room. @throws RegattaError `definition/invalid`. */
export function memoryCache({
  maxEntries = MAX_ENTRIES,
  maxBytes = MAX_BYTES,
}: MemoryCacheOptions = {}): MemoryCache {
  const problems = new Problems('The memory cache');
  problems.integer('maxEntries', maxEntries, 1);
  problems.integer('maxBytes', maxBytes, 1);
  problems.throwIfAny();
  /** The one used last is the last. */
  const kept = new Map<string, Kept>();
  const counts = { hits: 0, misses: 0, evictions: 0, failures: 0 };
  let bytes = 0;
  const drop = (key: string): void => {
    bytes -= kept.get(key)?.bytes ?? 0;
    kept.delete(key);
  };
  const makeRoom = (): void => {
    for (const key of kept.keys()) {
      if (kept.size <= maxEntries && bytes <= maxBytes) return;
      drop(key);
      counts.evictions++;
    }
  };
  return Object.freeze<MemoryCache>({
    outlivesRuntime: false,
    async read(key, nowMs) {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      kept.delete(key);
      if (found.expiresAtMs > nowMs) {
        kept.set(key, found);
        return found.text;
      }
      bytes -= found.bytes;
      return undefined;
    },
    write(key: string, text: string, { expiresAtMs }: Lifetime) {
      drop(key);
      const size = Buffer.byteLength(text);
      kept.set(key, { text, bytes: size, expiresAtMs });
      bytes += size;
      makeRoom();
    },
    count(outcome) {
      if (outcome === 'hit') counts.hits++;
      else counts.misses++;
    },
    stats: () => ({ ...counts }),
  });
}
