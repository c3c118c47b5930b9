/** Callbacks that hear each event although their process may be gone meanwhile: an engine keeps it for them. */
import { RegattaError } from '../base/errors.ts';
import { withoutUndefined } from '../base/options.ts';
import { type Problems, show } from '../base/problems.ts';
import type { DeliverOptions, DurableContext, DurableEntry } from '../ports/durable.ts';
import type { RunEvent } from '../protocol/event.ts';

export interface DurableOptions extends DeliverOptions {
  readonly durable: true;
  /** By it the engine knows the callback again: in the next process, and in those that share its work. */
  readonly name: string;
}

/**
 * Hears each event of each run that its engine does, at least once, per run in order, after what caused it is
 * kept for good. For a runtime with such an engine, and for the runtime of a worker.
 */
export interface DurableCallback extends DurableOptions {
  onEvent(event: RunEvent, context: DurableContext): unknown;
}

/** Options of other callbacks, which say what to do where events are not kept. */
const OTHERS = ['key', 'locked', 'capacity', 'onFull', 'blockMs', 'breakAfter', 'breakMs'];

/** Whether it is meant to be one: what it lacks is a problem. */
export function isDurable(given: unknown): given is DurableCallback {
  if (typeof given !== 'object' || given === null || !('durable' in given)) return false;
  return given.durable !== undefined && given.durable !== false;
}

export function toDurable(problems: Problems, field: string, given: DurableCallback): DurableEntry {
  const { name, on, timeoutMs, durable } = given;
  if (durable !== true) {
    problems.add(
      `${field}.durable`,
      durable,
      `${field}.durable must be true or false, got ${show(durable)}.`,
    );
  }
  problems.text(`${field}.name`, name);
  if (typeof given.onEvent !== 'function') {
    const message = `${field} is durable and has no onEvent(event, context). Give it one, or make it with callback.`;
    problems.add(field, given, message);
  }
  for (const option of OTHERS.filter((one) => Reflect.get(given, one) !== undefined)) {
    const message = `${field}.${option} has no effect on a durable callback, for which nothing is dropped or hidden. Leave it out.`;
    problems.add(`${field}.${option}`, Reflect.get(given, option), message);
  }
  return Object.freeze<DurableEntry>({
    kind: 'durable',
    name,
    handle: (event, context) => given.onEvent(event, context),
    options: withoutUndefined({ on, timeoutMs }),
  });
}

/** A durable callback in a scope that ends with its process, or whose engine is not known. */
export function misplaced({ name }: DurableEntry, owner: string): RegattaError {
  return new RegattaError(
    'callbacks/not-durable',
    `Callback "${name}" of ${owner} is durable, and only what a runtime's engine does is kept for it. Give it to createRuntime({ engine: dbosEngine(…), callbacks }), or to the runtime of a worker, and choose events with its "on".`,
    { name, owner },
  );
}
