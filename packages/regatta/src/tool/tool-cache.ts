/**
 * Results of tools that are kept: who uses the same tool with the same arguments gets the same result.
 *
 * A cache is an object that the user makes and gives to tools, since tools hold nothing. Whose results
 * are whose is decided by the key: a run shares with another one only what its scope and its `context`
 * let it.
 */
import { randomUUID } from 'node:crypto';
import { Flights } from '../base/flights.ts';
import { hashOf } from '../base/hash.ts';
import { isPlainJson, type Json } from '../base/json.ts';
import { Problems, show } from '../base/problems.ts';
import type { ReplyStore } from '../ports/reply-store.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { ToolCache, ToolContext, ToolUse } from '../ports/tool.ts';
import { ToolError } from '../ports/tool-error.ts';
import { toolContextOf } from './user-code.ts';

export interface ToolCacheOptions<Context = unknown> {
  /** Where results are kept. @default `memoryCache()` */
  readonly store?: ReplyStore;
  /** Milliseconds that a result is used, by the runtime's clock. @default 3600000 */
  readonly ttlMs?: number;
  /** Who shares results: the uses of one `run`, all runs of one `runtime`, or all who give the same other name. @default 'run' */
  readonly scope?: string;
  /**
   * Whose result it is, such as the tenant's name: part of the key. @default the run's `context`: runs
   * that were given one share with those that were given the same object
   */
  readonly key?: (args: unknown, context: ToolContext<Context>) => Json;
  /** Whether this result, the text that the model is told, is kept; only `true` is a yes. @default always */
  readonly shouldCache?: (args: unknown, result: string) => boolean;
}

/** An hour, as for replies of models. */
const TTL_MS = 3_600_000;
/** Counted up when the meaning of a name changes: what an older version kept is not found. */
const VERSION = 1;

/** @throws RegattaError `definition/invalid`. */
export function createToolCache<Context>(
  options: ToolCacheOptions<Context> & { readonly store: ReplyStore },
): ToolCache {
  const { store, ttlMs = TTL_MS, scope = 'run', shouldCache } = options;
  check(store, { ttlMs, scope });
  const flights = new Flights();
  const keyOf = createNamer(scope, options.key as ToolCacheOptions['key']); // the context is the user's own

  const read = async (key: string, nowMs: number): Promise<string | undefined> => {
    try {
      return await store.read(key, nowMs);
    } catch {
      return undefined; // the store counts its failures, and the tool can still be used
    }
  };
  const keep = (key: string, text: string, nowMs: number): void => {
    try {
      store.write(key, text, { nowMs, expiresAtMs: nowMs + ttlMs });
    } catch {
      return; // it is not kept; the store counts its failures
    }
  };
  return Object.freeze<ToolCache>({
    async answer(use, context, work) {
      const { signal, clock } = context;
      const key = context.enter(() => keyOf(use, context));
      const boarding = await flights.board(key, signal);
      if (boarding.is === 'answered') {
        store.count('hit');
        return { text: boarding.text, isCached: true };
      }
      const land = boarding.is === 'first' ? boarding.land : () => undefined;
      try {
        const kept = boarding.is === 'first' ? await read(key, clock.now()) : undefined;
        signal.throwIfAborted();
        store.count(kept === undefined ? 'miss' : 'hit');
        if (kept !== undefined) {
          land({ is: 'answered', text: kept });
          return { text: kept, isCached: true };
        }
        const text = await work();
        const isKept =
          shouldCache === undefined || context.enter(() => shouldCache(use.parsed, text)) === true;
        if (isKept) keep(key, text, clock.now());
        land(isKept ? { is: 'answered', text } : { is: 'failed' });
        return { text, isCached: false };
      } catch (error) {
        if (!signal.aborted) land({ is: 'failed' });
        throw error;
      } finally {
        land({ is: 'left' }); // changes nothing where it has landed
      }
    },
  });
}

function check(
  store: ReplyStore,
  { ttlMs, scope }: { readonly ttlMs: number; readonly scope: string },
): void {
  const problems = new Problems('The tool cache');
  problems.duration('ttlMs', ttlMs);
  problems.text('scope', scope);
  if (typeof store?.read !== 'function' || typeof store.write !== 'function') {
    problems.add(
      'store',
      store,
      `store is no store, got ${show(store)}. Give memoryCache() or sqliteCache(file).`,
    );
  } else if (store.outlivesRuntime && (scope === 'run' || scope === 'runtime')) {
    const text = `scope must be a name where the store outlives the runtime, got '${scope}'. Name who shares results, such as a tenant.`;
    problems.add('scope', scope, text);
  }
  problems.throwIfAny();
}

/** Gives names for uses: hashes of all that a result depends on. */
function createNamer(
  scope: string,
  key: ToolCacheOptions['key'],
): (use: ToolUse, context: RunContext) => string {
  const cacheId = randomUUID(); // objects are numbered, and numbers of another cache mean others
  const numbers = new WeakMap<object, number>();
  let count = 0;
  const numberOf = (object: object): string => {
    const number = numbers.get(object) ?? ++count;
    numbers.set(object, number);
    return `${cacheId}/${number}`;
  };
  const nameOf = (value: unknown): Json =>
    typeof value === 'object' || typeof value === 'function'
      ? value === null || numberOf(value)
      : [typeof value, String(value)];
  return (use, context) => {
    const { tool, args, parsed } = use;
    const { runId, facts } = context;
    const sharers =
      scope === 'run'
        ? ['run', runId]
        : scope === 'runtime'
          ? ['runtime', numberOf(facts)]
          : ['named', scope];
    const isNamed = sharers[0] === 'named';
    // Two tools of one name are two, where objects can be told apart.
    const what = isNamed ? [tool.name, tool.inputSchema] : numberOf(tool.origin ?? tool);
    const whose =
      key === undefined
        ? nameOf(context.context)
        : ['key', checkKey(key(parsed, toolContextOf(use, context)))];
    // What JSON cannot carry, such as a Map, would make different arguments the same.
    const asked = isPlainJson(parsed) ? ['parsed', parsed] : ['written', args];
    return hashOf(['regatta/tool', VERSION, sharers, what, whose, asked]);
  };
}

/** What is no JSON would be nobody's, and all who have it would share. */
function checkKey(key: unknown): Json {
  if (isPlainJson(key)) return key;
  throw new ToolError(
    `The key of its cache must be JSON, got ${show(key)}. Give a name, such as the tenant's.`,
    {
      code: 'bad-cache-key',
    },
  );
}
