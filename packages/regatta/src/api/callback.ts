/** What users register as callbacks, in every form they may write it. */
import { Problems, show } from '../base/problems.ts';
import { adaptLiteLLM } from '../callbacks/litellm/adapt.ts';
import type { LiteLLMCallback } from '../callbacks/litellm/callback.ts';
import { transformOf } from '../callbacks/litellm/transform.ts';
import { createEntry } from '../observe/entry.ts';
import { createScope, EMPTY_SCOPE } from '../observe/scope.ts';
import type { AdaptedCallback } from '../ports/callback.ts';
import type { DurableEntry, DurableHandler } from '../ports/durable.ts';
import type { Guard, GuardPoint } from '../ports/guard.ts';
import type { EventPattern } from '../ports/observer.ts';
import type { Entry, OverflowPolicy, Scope } from '../ports/scope.ts';
import type { RunEvent } from '../protocol/event.ts';
import {
  type DurableCallback,
  type DurableOptions,
  isDurable,
  misplaced,
  toDurable,
} from './durable-callback.ts';
import { fromAdapted } from './integrations.ts';

/** Who a callback is. */
export interface CallbackIdentity {
  /** In audits and warnings. @default the class's or the function's name */
  readonly name?: string;
  /**
   * Inside a scope the newest callback of a key replaces the older; an inner scope's hides an outer's.
   * @default the class of an instance; a function itself
   */
  readonly key?: unknown;
  /** Cannot be hidden by an inner scope: for audit and billing. @default false */
  readonly locked?: boolean;
}

/** Where and how a callback hears. Every field has a default. */
export interface CallbackOptions extends CallbackIdentity {
  /** Events to hear, such as `['model.*', 'run.end']`. @default all */
  readonly on?: readonly EventPattern[];
  /** Events of one run that may wait. @default 1024 */
  readonly capacity?: number;
  /** Ends of spans are never dropped for want of room. @default 'drop-newest' */
  readonly onFull?: OverflowPolicy;
  /** For `onFull: 'block'`: milliseconds that one event may hold the run up. @default 1000 */
  readonly blockMs?: number;
  /** Milliseconds until a handling counts as failed. @default 20000 */
  readonly timeoutMs?: number;
  /** Failures in a row after which events are dropped, and counted, for `breakMs`. @default 16 */
  readonly breakAfter?: number;
  /** @default 10000 */
  readonly breakMs?: number;
  /** With `true` it is another kind: see `DurableCallback`. @default false */
  readonly durable?: false;
}

/** An object that hears events: usually an instance of a class of yours. */
export interface CallbackObject extends CallbackOptions {
  onEvent(event: RunEvent): unknown;
}

/** Made by `transform`. */
export interface TransformCallback extends CallbackIdentity {
  readonly kind: 'transform';
  readonly transform: (event: RunEvent) => RunEvent;
}

/** Made by `guard`. */
export interface GuardCallback extends CallbackIdentity {
  readonly kind: 'guard';
  readonly at: GuardPoint;
  readonly check: Guard;
  readonly timeoutMs: number;
}

/**
 * Hears the events of its scope: per run in order, one at a time. The run does not wait for it, and
 * does not feel it when it throws, is slow or never settles.
 *
 * Also: an instance with LiteLLM's methods (`logSuccessEvent`, `log_success_event`, …), what a sink or
 * `litellmCallback` makes, and the name of an integration where the environment is known: in
 * `LLM.setCallbacks`, in a runtime, in `kickoff`. Transforms and guards are kinds of their own, which
 * may change what others see, or stop what is about to happen.
 */
export type Callback =
  | ((event: RunEvent) => unknown)
  | CallbackObject
  | AdaptedCallback
  | LiteLLMCallback
  | TransformCallback
  | GuardCallback
  | DurableCallback
  | string;

/** A function, or what a sink made, with options. */
export function callback(
  hearer: ((event: RunEvent) => unknown) | AdaptedCallback,
  options?: CallbackOptions,
): CallbackObject;
/**
 * A function that hears each event at least once, whatever becomes of its process.
 *
 * @example
 * createRuntime({ engine: dbosEngine({ connectionString }), callbacks: [callback(bill, { durable: true, name: 'billing' })] });
 */
export function callback(handler: DurableHandler, options: DurableOptions): DurableCallback;
export function callback(
  hearer: ((event: RunEvent) => unknown) | DurableHandler | AdaptedCallback,
  options: CallbackOptions | DurableOptions = {},
): CallbackObject | DurableCallback {
  // What the overloads let through; anything else is refused where it is given.
  if (options.durable === true) return Object.freeze({ ...options, onEvent: hearer as DurableHandler });
  if (typeof hearer === 'function') {
    const onEvent = hearer as (event: RunEvent) => unknown; // by the other overload
    return Object.freeze({ name: hearer.name, key: hearer, ...options, onEvent });
  }
  const { name, key, on, observe } = hearer;
  return Object.freeze({ name, key, ...(on === null ? {} : { on }), ...options, onEvent: observe });
}

/**
 * Changes what the callbacks behind it see: those registered later in its scope, and those of inner
 * scopes. For redaction. Synchronous; it gets a frozen event and gives one. If it throws, those
 * behind it do not get the event, and the audit counts it as withheld.
 */
export function transform(
  change: (event: RunEvent) => RunEvent,
  identity: CallbackIdentity = {},
): TransformCallback {
  return Object.freeze({ key: change, ...identity, kind: 'transform', transform: change });
}

export interface GuardOptions extends CallbackIdentity {
  /** Milliseconds to decide; then the answer is no. @default 10000 */
  readonly timeoutMs?: number;
}

/** A guard that asks a service decides in seconds, or not at all. */
const GUARD_TIMEOUT_MS = 10_000;

/**
 * Stands before or after every model or tool call of its scope. Gives what is to be used instead, or
 * undefined to leave it; throws to stop it. It is waited for, and fails closed: when it throws or is
 * late, a model call fails with `guard/denied` or `guard/timeout`, and a tool call is answered so.
 */
export function guard<Point extends GuardPoint>(
  at: Point,
  check: Guard<Point>,
  { timeoutMs = GUARD_TIMEOUT_MS, ...identity }: GuardOptions = {},
): GuardCallback {
  // A guard is only ever called with the subject of the point that it stands at.
  return Object.freeze({
    key: check,
    name: check.name,
    ...identity,
    kind: 'guard',
    at,
    check: check as unknown as Guard,
    timeoutMs,
  });
}

/** Opens an integration by its name. */
export type OpenNamed = (name: string) => Entry;

/**
 * The callbacks of one scope.
 * @throws RegattaError `definition/invalid` for what is no callback, `callbacks/not-durable`; `owner` names the definition.
 */
export function toScope(callbacks: readonly Callback[] | undefined, owner: string, open?: OpenNamed): Scope {
  if (callbacks === undefined) return EMPTY_SCOPE;
  return createScope(
    toEntries(callbacks, owner, open).map((entry) => {
      if (entry.kind === 'durable') throw misplaced(entry, owner);
      return entry;
    }),
  );
}

/** Those of a runtime, durable ones included. */
export function toEntries(
  callbacks: readonly Callback[] | undefined,
  owner: string,
  open?: OpenNamed,
): readonly (Entry | DurableEntry)[] {
  const problems = new Problems(owner);
  const entries = (callbacks ?? []).flatMap((given, index): readonly (Entry | DurableEntry)[] => {
    const field = `callbacks[${index}]`;
    if (typeof given === 'string') {
      if (open !== undefined) return [open(given)];
      const message = `${field} is the name "${given}", and no environment is known here to open it with. Give it to a runtime, to kickoff or to LLM.setCallbacks.`;
      problems.add(field, given, message);
      return [];
    }
    checkOptions(problems, field, given);
    if (isDurable(given)) return [toDurable(problems, field, given)];
    const own = toOwn(given);
    if (own.length > 0) return own;
    problems.add(
      field,
      given,
      `${field} must be a function, an object with onEvent(event) or with LiteLLM's methods, or made by callback, transform or guard, got ${show(given)}. Correct it.`,
    );
    return [];
  });
  problems.throwIfAny();
  return entries;
}

const POLICIES: readonly unknown[] = ['drop-newest', 'drop-oldest', 'coalesce', 'block'];

function checkOptions(problems: Problems, field: string, given: Callback): void {
  if (typeof given !== 'object' || given === null) return;
  const { capacity, blockMs, timeoutMs, breakAfter, breakMs, onFull }: CallbackOptions =
    given as CallbackOptions; // what it lacks is undefined
  problems.integer(`${field}.capacity`, capacity, 1);
  problems.duration(`${field}.blockMs`, blockMs, 0);
  problems.duration(`${field}.timeoutMs`, timeoutMs);
  problems.integer(`${field}.breakAfter`, breakAfter, 1);
  problems.duration(`${field}.breakMs`, breakMs, 0);
  if (onFull === undefined || typeof onFull === 'function' || POLICIES.includes(onFull)) return;
  const known = POLICIES.join(', ');
  problems.add(
    `${field}.onFull`,
    onFull,
    `${field}.onFull must be one of ${known}, or a function that opens a Spill, got ${show(onFull)}. Correct it.`,
  );
}

/** The entries of one callback; none for what is no callback. */
function toOwn(given: Exclude<Callback, string | DurableCallback>): readonly Entry[] {
  if (typeof given === 'function') return [createEntry(given)];
  if (typeof given !== 'object' || given === null) return [];
  if ('kind' in given) {
    const { key, name = given.kind, locked = false, ...rest } = given;
    return [Object.freeze({ ...rest, key, name, isLocked: locked })];
  }
  if ('observe' in given) return [fromAdapted(given)];
  if ('onEvent' in given && typeof given.onEvent === 'function') return [fromObject(given)];
  return fromLiteLLM(given);
}

function fromObject(given: CallbackObject): Entry {
  const { constructor: type } = given;
  const isInstance = type !== undefined && type !== Object;
  return createEntry((event) => given.onEvent(event), {
    ...given,
    key: given.key ?? (isInstance ? type : given),
    name: given.name ?? (isInstance ? type.name : 'callback'),
  });
}

/** Its hook, where it has one, stands before it: it masks what the callbacks of its scope see, itself included. */
function fromLiteLLM(given: object): readonly Entry[] {
  const adapted = adaptLiteLLM(given);
  if (adapted === undefined) return [];
  const hook = transformOf(given);
  const observer = fromAdapted(adapted);
  if (hook === undefined) return [observer];
  const { name } = adapted;
  const isLocked = false;
  return [
    Object.freeze({ kind: 'transform', key: hookKey(given), name, isLocked, transform: hook }),
    observer,
  ];
}

/** The same for all instances of a class, as the key of the observer is, and another than that. */
function hookKey(given: object): unknown {
  return Reflect.get(given, 'loggingHook') ?? Reflect.get(given, 'logging_hook');
}
