/** Durable handlers of one process: supplied at once where there is a notice, and by looking where there is none. */
import { CancelScope } from '../../base/abort.ts';
import { RegattaError } from '../../base/errors.ts';
import { Problems } from '../../base/problems.ts';
import { createFilter } from '../../observe/entry.ts';
import type { DeliverOptions, DurableHandler } from '../../ports/durable.ts';
import type { RunEvent } from '../../protocol/event.ts';
import type { Fleet } from '../../stores/postgres-fleet.ts';
import type { Outbox } from '../../stores/postgres-outbox.ts';

export interface DelivererParts {
  readonly outbox: Outbox;
  readonly fleet: Fleet;
  readonly log: (line: string) => void;
}

/** Milliseconds between two looks. */
const LOOK_MS = 500;
/** As for callbacks. */
const TIMEOUT_MS = 20_000;

/** However many handlers, one connection hears of news. */
export class Deliverer {
  readonly #parts: DelivererParts;
  /** What is delivered, and what wakes it. */
  readonly #open = new Map<AsyncDisposable, () => void>();
  #listening: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;
  #isClosed = false;

  constructor(parts: DelivererParts) {
    this.#parts = parts;
  }

  /** @throws RegattaError `definition/invalid`, `postgres/*`, `runtime/closed` */
  async deliver(
    name: string,
    handler: DurableHandler,
    { on, timeoutMs = TIMEOUT_MS }: DeliverOptions = {},
  ): Promise<AsyncDisposable> {
    const problems = new Problems('The durable handler');
    problems.text('name', name);
    problems.duration('timeoutMs', timeoutMs);
    problems.throwIfAny();
    await this.#parts.outbox.register(name);
    if (this.#isClosed) throw closed(name);
    const hears = createFilter(on ?? null);
    return this.#start(name, async (event, context) => {
      if (hears(event.type)) await handleInTime(handler, event, context, { name, timeoutMs });
    });
  }

  /** Waits for what is being handled. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(Array.from(this.#open.keys(), (one) => one[Symbol.asyncDispose]()));
  }

  #start(name: string, handle: Handle): AsyncDisposable {
    const { outbox, log } = this.#parts;
    const stop = new AbortController();
    let wake = (): void => undefined;
    const work = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        const news = new Promise<void>((resolve) => {
          wake = resolve; // before the look: what comes during it means another one
        });
        const hadSome = await outbox
          .deliver(
            name,
            async ({ event, ...context }) => await handle(event as unknown as RunEvent, context), // a worker wrote it
            stop.signal,
          )
          .catch((error: unknown) => {
            log(`durable handler "${name}": ${String(error)}`);
            return false;
          });
        if (hadSome) continue;
        const timer = setTimeout(wake, LOOK_MS);
        await news;
        clearTimeout(timer);
      }
    };
    const worked = work();
    const one: AsyncDisposable = {
      [Symbol.asyncDispose]: async () => {
        stop.abort(new Error('The delivery was closed.'));
        wake();
        await worked;
        this.#open.delete(one);
        if (this.#open.size === 0) await this.#stopListening();
      },
    };
    this.#open.set(one, () => wake());
    if (this.#listening === undefined) {
      const listen = new AbortController();
      this.#listening = { stop: listen, done: this.#listen(listen.signal) };
    }
    return one;
  }

  async #stopListening(): Promise<void> {
    const listening = this.#listening;
    this.#listening = undefined;
    listening?.stop.abort();
    await listening?.done;
  }

  async #listen(signal: AbortSignal): Promise<void> {
    const hear = (): void => {
      for (const wake of this.#open.values()) wake();
    };
    while (!signal.aborted) {
      await this.#parts.fleet.listen(hear, signal).catch(() => undefined); // a look is made anyway
      if (!signal.aborted) await new Promise<void>((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}

type Handle = (
  event: RunEvent,
  context: { readonly deliveryId: string; readonly attempt: number },
) => Promise<void>;

/** One that never settles would keep the process from every other run. */
async function handleInTime(
  handler: DurableHandler,
  event: RunEvent,
  context: Parameters<Handle>[1],
  { name, timeoutMs }: { readonly name: string; readonly timeoutMs: number },
): Promise<void> {
  const timeoutReason = () => new Error(`Callback "${name}" did not settle within ${timeoutMs} ms.`);
  const cancel = new CancelScope(new AbortController().signal, { timeoutMs, timeoutReason });
  try {
    const handle = async () => handler(event, { ...context, signal: cancel.signal });
    await cancel.race(handle());
  } finally {
    cancel.close();
  }
}

function closed(name: string): RegattaError {
  const message = `The engine was closed before the durable handler "${name}" was known. Open another engine.`;
  return new RegattaError('runtime/closed', message, { state: 'closed' });
}
