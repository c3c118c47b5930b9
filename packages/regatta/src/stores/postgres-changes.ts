/** What runs ask a PostgreSQL store to change, and how many such changes become one statement. */
import type { RegattaError } from '../base/errors.ts';
import type { Json } from '../base/json.ts';
import type { RunRecord } from '../ports/journal.ts';

export interface RecordText {
  readonly key: string;
  readonly value: Json;
  /** The value as it is stored. */
  readonly text: string;
}

export interface EventText {
  /** The same where a recovered run tells it again: then the first one stays. */
  readonly key: string;
  readonly text: string;
}

/** What an attempt took of what was reserved for it. */
export interface Settled {
  readonly key: string;
  readonly tokens: number;
  readonly nanoUsd: number;
}

/** One wish of one run: to begin, or to go on by its hold; then what comes with it. */
export interface Change {
  readonly runId: string;
  /** The writer's hold; null = none, for an answer from outside. */
  readonly epoch: number | null;
  readonly create?: RunRecord;
  readonly records: readonly RecordText[];
  readonly events?: readonly EventText[];
  readonly settled?: Settled | undefined;
  readonly ending?: { readonly status: string; readonly text: string };
}

export interface Changed {
  /** By the order of the change's records: what the record says now. */
  readonly values: readonly Json[];
  readonly isFirst: readonly boolean[];
}

export interface Wish {
  readonly change: Change;
  readonly resolve: (changed: Changed) => void;
  readonly reject: (error: RegattaError) => void;
}

/** Changes in one statement at most, and characters of their values. */
const MAX_CHANGES = 1_000;
const MAX_CHARS = 4_000_000;

/** One run's part of a statement: all its wishes that fit together. */
export interface Item {
  readonly runId: string;
  readonly epoch: number | null;
  readonly create: RunRecord | undefined;
  ending: Change['ending'];
  readonly keys: Set<string>;
  readonly wishes: Wish[];
}

/**
 * Takes from the front of `waiting` what one statement can do; the rest stays, in its order. A run's
 * wishes stay in order, too: from the first that does not fit on, they wait for the next statement.
 */
export function takeBatch(waiting: Wish[]): readonly Item[] {
  const items = new Map<string, Item>();
  const blocked = new Set<string>();
  const rest: Wish[] = [];
  let chars = 0;
  let count = 0;
  for (const wish of waiting) {
    const { change } = wish;
    const { runId } = change;
    const item = items.get(runId);
    const isFull = count >= MAX_CHANGES || chars > MAX_CHARS;
    if (isFull || blocked.has(runId) || (item !== undefined && !fits(item, change))) {
      blocked.add(runId);
      rest.push(wish);
      continue;
    }
    count++;
    for (const { text } of [...change.records, ...(change.events ?? [])]) chars += text.length;
    if (item === undefined) items.set(runId, toItem(wish));
    else join(item, wish);
  }
  waiting.splice(0, waiting.length, ...rest);
  return [...items.values()];
}

/** A run has one hold in a statement, a key one record, and nothing comes after its end. */
function fits(item: Item, { epoch, create, records }: Change): boolean {
  if (create !== undefined || item.create !== undefined || item.ending !== undefined) return false;
  return item.epoch === epoch && records.every(({ key }) => !item.keys.has(key));
}

function toItem(wish: Wish): Item {
  const { runId, epoch, create, ending, records } = wish.change;
  return { runId, epoch, create, ending, keys: new Set(records.map(({ key }) => key)), wishes: [wish] };
}

function join(item: Item, wish: Wish): void {
  for (const { key } of wish.change.records) item.keys.add(key);
  item.ending = wish.change.ending;
  item.wishes.push(wish);
}
