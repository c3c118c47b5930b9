/** One run's line from its thread to the host: what is said, asked and answered. */
import { untilAborted } from '../base/abort.ts';
import { toJson } from '../base/json.ts';
import type { Outbox } from '../engines/threads/outbox.ts';
import type { Ask, FromRun, FromThread, Outcome } from '../engines/threads/wire.ts';
import { fromWireError, toWireError } from '../engines/threads/wire-error.ts';
import type { Settlement } from '../ports/meter.ts';
import type { Entry } from '../ports/scope.ts';
import type { EventDraft, Span } from '../ports/span.ts';

/** A question, and the span that asks it. */
export interface Question {
  readonly span: Span;
  readonly ask: Ask;
  /** Ends the waiting; without it only a release does. */
  readonly signal?: AbortSignal;
  /** The host tells events of it: whoever stops waiting lets it tell the last one first. */
  readonly isTold?: boolean;
  /** What to do when the host says that a step's result is not recorded. */
  readonly work?: () => Promise<unknown>;
}

interface Call extends PromiseWithResolvers<unknown> {
  readonly work: Question['work'];
}

/** A message without the run that it is of. */
type News<Message> = Message extends unknown ? Omit<Message, 'runId'> : never;

const NO_ENTRIES: readonly string[] = [];

export class HostLink {
  readonly #runId: string;
  readonly #outbox: Outbox<FromThread>;
  readonly #announced = new Set<string>();
  readonly #calls = new Map<number, Call>();
  #addresses: ReadonlyMap<Entry, string> = new Map();
  #lastCall = 0;
  /** Set once nobody on the host listens to the run. */
  #released: { readonly reason: unknown } | undefined;

  constructor(runId: string, outbox: Outbox<FromThread>) {
    this.#runId = runId;
    this.#outbox = outbox;
  }

  /** Callbacks that spans bring along, by where they stand in the definition. */
  address(entries: ReadonlyMap<string, Entry>): void {
    this.#addresses = new Map(Array.from(entries, ([address, entry]) => [entry, address]));
  }

  draft({ span, body }: EventDraft): void {
    this.#announce(span);
    this.#say({ type: 'draft', spanId: span.id, body });
  }

  settle(call: number, settlement: Settlement): void {
    this.#say({ type: 'settle', call, settlement });
  }

  /** Counts work that goes on although its caller was freed, until it settles. */
  orphan(work: Promise<unknown>): void {
    const settle = (): void => this.#push({ type: 'orphan.end' });
    this.#push({ type: 'orphan' });
    work.then(settle, settle);
  }

  /** The last thing that is said, apart from orphans. */
  end(outcome: Outcome): void {
    this.#push({ type: 'end', outcome });
    this.flush();
  }

  /** Lets what was said so far leave now: before code that may not give the event loop back. */
  flush(): void {
    this.#outbox.flush();
  }

  /** Gives the number that the question got, and the answer. @throws what the host threw; the signal's reason. */
  async ask({
    span,
    ask,
    signal,
    work,
    isTold = false,
  }: Question): Promise<{ readonly call: number; readonly value: unknown }> {
    if (this.#released !== undefined) throw this.#released.reason;
    const call = ++this.#lastCall;
    const pending = { ...Promise.withResolvers<unknown>(), work };
    this.#calls.set(call, pending);
    this.#announce(span);
    this.#say({ type: 'ask', call, spanId: span.id, ask });
    this.flush();
    try {
      const { promise } = pending;
      return { call, value: await (signal === undefined ? promise : untilAborted(promise, signal)) };
    } catch (error) {
      if (this.#calls.has(call)) {
        this.#say({ type: 'abandon', call, reason: toWireError(error) });
        this.flush();
        if (isTold) await pending.promise.catch(() => undefined); // what it was given up for is thrown
      }
      throw error;
    } finally {
      this.#calls.delete(call);
    }
  }

  answer(call: number, outcome: Outcome): void {
    const pending = this.#calls.get(call);
    this.#calls.delete(call);
    if (outcome.status === 'done') pending?.resolve(outcome.value);
    else pending?.reject(fromWireError(outcome.error));
  }

  /** Does the work of a step, and says what came out, as a journal would keep it. */
  async work(call: number): Promise<void> {
    const work = this.#calls.get(call)?.work;
    if (work === undefined) return;
    try {
      this.#say({ type: 'worked', call, outcome: { status: 'done', value: toJson(await work()) } });
    } catch (error) {
      this.#say({ type: 'worked', call, outcome: { status: 'failed', error: toWireError(error) } });
    }
    this.flush();
  }

  /** Nobody listens any more: nothing is said or waited for from now on, but the end. */
  release(reason: unknown): void {
    this.#released = { reason };
    for (const { reject } of this.#calls.values()) reject(reason);
    this.#calls.clear();
  }

  #announce(span: Span): void {
    const { id, parentId, task, agent, scope } = span;
    if (this.#announced.has(id)) return;
    this.#announced.add(id);
    // Every callback of a span is one of the definition's parts; one that is not is refused by the host.
    const entries =
      scope.length === 0 ? NO_ENTRIES : scope.map((entry) => this.#addresses.get(entry) ?? entry.name);
    this.#say({ type: 'span', span: { id, parentId, task, agent }, entries });
  }

  #say(news: News<FromRun>): void {
    if (this.#released === undefined) this.#push(news);
  }

  #push(news: News<FromRun>): void {
    this.#outbox.push({ ...news, runId: this.#runId });
  }
}
