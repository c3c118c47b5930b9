/** Keeps a durable handler supplied: at once where there is a notice, and by looking where there is none. */
import { createFilter } from '../../observe/entry.ts';
import type { EventPattern } from '../../ports/observer.ts';
import type { RunEvent } from '../../protocol/event.ts';
import type { Fleet } from '../../stores/postgres-fleet.ts';
import type { Outbox } from '../../stores/postgres-outbox.ts';

export interface DurableContext {
  /** The same for each try, and no other event's: by it a handler knows what it has done already. */
  readonly deliveryId: string;
  /** From 1. */
  readonly attempt: number;
}

export type DurableHandler = (event: RunEvent, context: DurableContext) => unknown;

export interface DeliverOptions {
  /** Events to hear, such as `['model.*', 'run.end']`. @default all */
  readonly on?: readonly EventPattern[];
}

interface Parts {
  readonly outbox: Outbox;
  readonly fleet: Fleet;
  readonly log: (line: string) => void;
}

/** Milliseconds between two looks. */
const LOOK_MS = 500;

export function deliverTo(
  { outbox, fleet, log }: Parts,
  name: string,
  handler: DurableHandler,
  { on }: DeliverOptions,
): AsyncDisposable {
  const hears = createFilter(on ?? null);
  const stop = new AbortController();
  let wake = (): void => undefined;

  async function work(): Promise<void> {
    while (!stop.signal.aborted) {
      const news = new Promise<void>((resolve) => {
        wake = resolve; // before the look: what comes during it means another one
      });
      const hadSome = await outbox
        .deliver(
          name,
          async ({ event: json, ...context }) => {
            const event = json as unknown as RunEvent; // a worker wrote it
            if (hears(event.type)) await handler(event, context);
          },
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
  }

  async function listen(): Promise<void> {
    while (!stop.signal.aborted) {
      await fleet.listen(() => wake(), stop.signal).catch(() => undefined); // a look is made anyway
      if (!stop.signal.aborted) await new Promise<void>((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  const both = Promise.all([work(), listen()]);
  return {
    async [Symbol.asyncDispose]() {
      stop.abort(new Error('The delivery was closed.'));
      wake();
      await both;
    },
  };
}
