/** A runtime's durable callbacks: its engine keeps events for them, from before its first run on. */
import { untilAborted } from '../base/abort.ts';
import { RegattaError } from '../base/errors.ts';
import type { DurableEntry } from '../ports/durable.ts';
import type { Engine } from '../ports/engine.ts';

interface Delivery {
  readonly entry: DurableEntry;
  opening: Promise<AsyncDisposable> | undefined;
}

export type OnDeliveryError = (error: unknown, name: string) => void;

export class Deliveries {
  readonly #engine: Engine;
  readonly #onError: OnDeliveryError;
  /** By name: the newest counts. */
  readonly #deliveries = new Map<string, Delivery>();
  #isClosed = false;

  constructor(engine: Engine, onError: OnDeliveryError) {
    this.#engine = engine;
    this.#onError = onError;
  }

  /** Gives what stops them here; what is kept for them stays. @throws RegattaError `callbacks/not-durable` */
  add(entries: readonly DurableEntry[]): () => void {
    const added = entries.map((entry): Delivery => {
      if (this.#engine.deliver === undefined) throw notDurable(entry.name, this.#engine.name);
      return { entry, opening: undefined };
    });
    for (const one of added) {
      this.#stop(this.#deliveries.get(one.entry.name));
      this.#deliveries.set(one.entry.name, one);
      this.#open(one).catch((error: unknown) => {
        if (!this.#isClosed) this.#onError(error, one.entry.name); // the next run tries again
      });
    }
    return () => {
      for (const one of added) this.#stop(one);
    };
  }

  /** Waits until the engine knows all of them. @throws what the engine throws. */
  async ready(): Promise<void> {
    await Promise.all(Array.from(this.#deliveries.values(), (one) => this.#open(one)));
  }

  /** The engine is about to be closed, and with it what it delivers: what fails from now on is no failure. */
  close(): void {
    this.#isClosed = true;
  }

  /** `engine`, for runs that begin only once all who are to hear of them are known. */
  before(engine: Engine): Engine {
    if (this.#deliveries.size === 0 || engine !== this.#engine) return engine;
    const ready = (): Promise<void> => this.ready();
    return {
      name: engine.name,
      async execute(job, context) {
        await untilAborted(ready(), context.signal, context.orphan);
        return await engine.execute(job, context);
      },
    };
  }

  #open(one: Delivery): Promise<AsyncDisposable> {
    one.opening ??= this.#deliver(one.entry).catch((error: unknown) => {
      one.opening = undefined; // the next one tries again
      throw error;
    });
    return one.opening;
  }

  async #deliver({ name, handle, options }: DurableEntry): Promise<AsyncDisposable> {
    const delivery = await this.#engine.deliver?.(name, handle, options);
    if (delivery === undefined) throw notDurable(name, this.#engine.name);
    return delivery;
  }

  /** What is being handled is waited for by the engine's `close`. */
  #stop(one: Delivery | undefined): void {
    if (one === undefined || this.#deliveries.get(one.entry.name) !== one) return;
    this.#deliveries.delete(one.entry.name);
    one.opening?.then(
      (delivery) => delivery[Symbol.asyncDispose](),
      () => undefined, // it never began
    );
  }
}

function notDurable(name: string, engine: string): RegattaError {
  return new RegattaError(
    'callbacks/not-durable',
    `Callback "${name}" is durable, and the engine "${engine}" keeps no events. Give the callback to a runtime whose engine is a dbosEngine, or to the runtime of a worker.`,
    { name, owner: engine },
  );
}
