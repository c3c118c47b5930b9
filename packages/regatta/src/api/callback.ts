/** What users register as callbacks, in every form they may write it. */
import { Problems, show } from '../base/problems.ts';
import { createScope } from '../observe/chain.ts';
import { createEntry } from '../observe/entry.ts';
import type { EventPattern, ObserverChain, ObserverEntry, OverflowPolicy } from '../ports/observer.ts';
import type { RunEvent } from '../protocol/event.ts';

/** Where and how a callback hears. Every field has a default. */
export interface CallbackOptions {
  /** In audits and warnings. @default the class's or the function's name */
  readonly name?: string;
  /** Events to hear, such as `['model.*', 'run.end']`. @default all */
  readonly on?: readonly EventPattern[];
  /**
   * Inside a scope the newest callback of a key replaces the older; an inner scope's hides an outer's.
   * @default the class of an instance; a function itself
   */
  readonly key?: unknown;
  /** Cannot be hidden by an inner scope: for audit and billing. @default false */
  readonly locked?: boolean;
  /** Events of one run that may wait. @default 1024 */
  readonly capacity?: number;
  /** Ends of spans are never dropped. @default 'drop-newest' */
  readonly onFull?: OverflowPolicy;
  /** Milliseconds until a handling counts as failed. @default 20000 */
  readonly timeoutMs?: number;
}

/** An object that hears events: usually an instance of a class of yours. */
export interface CallbackObject extends CallbackOptions {
  onEvent(event: RunEvent): unknown;
}

/**
 * Hears the events of its scope: per run in order, one at a time. The run does not wait for it, and
 * does not feel it when it throws, is slow or never settles.
 */
export type Callback = ((event: RunEvent) => unknown) | CallbackObject;

/** A function with options. */
export function callback(
  onEvent: (event: RunEvent) => unknown,
  options: CallbackOptions = {},
): CallbackObject {
  return Object.freeze({ name: onEvent.name, key: onEvent, ...options, onEvent });
}

/**
 * The callbacks of one scope as observers.
 * @throws RegattaError `definition/invalid` for what is no callback; `owner` names the definition.
 */
export function toScope(callbacks: readonly Callback[] | undefined, owner: string): ObserverChain {
  return createScope(toEntries(callbacks, owner));
}

export function toEntries(
  callbacks: readonly Callback[] | undefined,
  owner: string,
): readonly ObserverEntry[] {
  const problems = new Problems(owner);
  const entries = (callbacks ?? []).flatMap((given, index) => {
    if (typeof given === 'function') return [createEntry(given)];
    if (typeof given?.onEvent === 'function') return [toEntry(given)];
    const field = `callbacks[${index}]`;
    problems.add(
      field,
      given,
      `${field} must be a function or an object with onEvent(event), got ${show(given)}. Correct it.`,
    );
    return [];
  });
  problems.throwIfAny();
  return entries;
}

function toEntry(object: CallbackObject): ObserverEntry {
  const { constructor: type } = object;
  const isInstance = type !== undefined && type !== Object;
  return createEntry((event) => object.onEvent(event), {
    ...object,
    key: object.key ?? (isInstance ? type : object),
    name: object.name ?? (isInstance ? type.name : 'callback'),
  });
}
