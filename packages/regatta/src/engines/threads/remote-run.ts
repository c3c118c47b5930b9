/**
 * A run whose work is done on a thread, as the host holds it: drafts come in, credits and answers go
 * out, and there is an end whatever becomes of the thread.
 */
import { messageOf, RegattaError } from '../../base/errors.ts';
import type { Json } from '../../base/json.ts';
import type { RunContext } from '../../ports/run-context.ts';
import type { Entry } from '../../ports/scope.ts';
import type { EventBody } from '../../protocol/event.ts';
import { AdoptedSpans } from './adopted-spans.ts';
import { HostCalls } from './host-calls.ts';
import { Orphans } from './orphans.ts';
import type { Loss, Receiver, Thread } from './thread.ts';
import type { FromRun, RunOrder } from './wire.ts';
import { fromWireError, toWireError } from './wire-error.ts';

/** Drafts that a thread may be ahead of the host in one run. */
export const CREDITS = 256;
/** Drafts between two grants of credit. */
const GRANT = 64;
/** Milliseconds that a cancelled run has to end by itself, so that its spans say how far they came. */
const GRACE_MS = 250;

export interface RemoteRunOptions {
  readonly order: RunOrder;
  readonly context: RunContext;
  /** The definition's callbacks by address. */
  readonly entries: () => ReadonlyMap<string, Entry>;
  /** Milliseconds that the thread has to show a sign of life after a cancel; undefined = any. */
  readonly terminateAfterMs: number | undefined;
}

export class RemoteRun implements Receiver {
  /** What came out, once all that was said is told. Rejects with what ended the run. */
  readonly output: Promise<Json>;
  readonly #options: RemoteRunOptions;
  readonly #thread: Thread;
  readonly #calls: HostCalls;
  readonly #ending = Promise.withResolvers<Json>();
  /** Settles when all that was said until now is told. */
  #told: Promise<unknown> = Promise.resolve();
  readonly #spans: AdoptedSpans;
  readonly #orphans: Orphans;
  /** Ends the wait for a cancelled run's own end. */
  #grace: AbortController | undefined;
  /** Nobody reads any more. */
  #isLeft = false;
  readonly #cancel = (): void => this.#onCancel();
  #count = 0;
  /** What ended the run, where it failed. */
  #failure: { readonly error: unknown } | undefined;
  /** The thread has said its last word of the run, or is gone. */
  #isOver = false;

  /** Starts at once. */
  constructor(options: RemoteRunOptions, thread: Thread) {
    const { order, context, entries } = options;
    const { runId, ref } = order;
    this.#options = options;
    this.#thread = thread;
    this.#spans = new AdoptedSpans(context, ref, entries);
    this.#orphans = new Orphans(context.orphan);
    this.#calls = new HostCalls({
      answer: (call, outcome) => thread.post({ type: 'answer', runId, call, outcome }),
      work: (call) => thread.post({ type: 'work', runId, call }),
      told: () => this.#told,
    });
    this.output = this.#ending.promise.finally(() => this.#told);
    thread.start(order, this);
    context.signal.addEventListener('abort', this.#cancel, { once: true });
  }

  /** Nobody reads any more. What the run has opened here is closed; if the thread still works on it, that is counted. */
  leave(): void {
    const { order, context } = this.#options;
    const { runId } = order;
    const reason = this.#failure?.error;
    context.signal.removeEventListener('abort', this.#cancel);
    this.#isLeft = true;
    this.#grace?.abort();
    this.#calls.close(reason);
    this.#spans.clear();
    if (this.#isOver) return;
    const left = reason ?? new Error('Nobody reads the run any more.');
    this.#thread.post({ type: 'cancel', runId, reason: toWireError(left) });
    this.#thread.post({ type: 'release', runId });
    this.#thread.markLate(runId);
    this.#orphans.adopt(); // the run itself, until the thread says that it has ended
  }

  receive(message: FromRun): void {
    try {
      this.#take(message);
    } catch (error) {
      this.#fail(error); // whoever waits leaves, which stops the thread's part
    }
  }

  lose({ exitCode, cause }: Loss): void {
    const { runId } = this.#options.order;
    const why = cause === undefined ? '' : ` (${messageOf(cause)})`;
    const error = new RegattaError(
      'run/worker-lost',
      `The thread of run "${runId}" ended with code ${exitCode} before the run did${why}. Start the run again; if it happens again, look for a tool that exits, throws outside of its call or uses up the memory.`,
      { runId, exitCode },
      cause === undefined ? {} : { cause },
    );
    this.#isOver = true;
    this.#fail(error);
    this.#orphans.settleAll();
  }

  #take(message: FromRun): void {
    switch (message.type) {
      case 'orphan':
        this.#orphans.adopt();
        return;
      case 'orphan.end':
        this.#orphans.settle();
        this.#forget();
        return;
      case 'fail':
        this.#fail(fromWireError(message.error));
        return;
      case 'end': {
        const { outcome } = message;
        this.#isOver = true;
        if (this.#isLeft) this.#orphans.settle(); // the run itself, see `leave`
        // `toPortable` made the value.
        if (outcome.status === 'done') this.#ending.resolve(outcome.value as Json);
        else this.#fail(fromWireError(outcome.error));
        this.#forget();
        return;
      }
    }
    if (this.#isLeft) return;
    switch (message.type) {
      case 'span':
        this.#spans.adopt(message);
        return;
      case 'draft':
        this.#tell(this.#spans.contextOf(message.spanId), message.body);
        return;
      case 'ask':
        void this.#calls.answer(message.call, message.ask, this.#spans.contextOf(message.spanId));
        return;
      default:
        this.#calls.receive(message);
    }
  }

  #onCancel(): void {
    const { order, context, terminateAfterMs } = this.#options;
    const { runId } = order;
    const { reason } = context.signal;
    this.#thread.post({ type: 'cancel', runId, reason: toWireError(reason) });
    this.#grace = new AbortController();
    context.clock.sleep(GRACE_MS, this.#grace.signal).then(
      () => this.#fail(reason),
      () => undefined, // it ended in time
    );
    if (terminateAfterMs !== undefined) void this.#thread.endUnlessItAnswers(terminateAfterMs, context.clock);
  }

  /** One after the other, so that an observer that the run waits for is waited for here. */
  #tell(context: RunContext, body: EventBody): void {
    this.#told = this.#told.then(async () => {
      await context.tell(body);
      this.#credit();
    });
  }

  /** Lets the thread send more, now that one draft was told. */
  #credit(): void {
    if (++this.#count % GRANT === 0 && !this.#isOver) {
      this.#thread.post({ type: 'credit', runId: this.#options.order.runId, count: GRANT });
    }
  }

  /** The first end counts. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#ending.reject(error);
  }

  #forget(): void {
    if (this.#isOver && this.#orphans.size === 0) this.#thread.forget(this.#options.order.runId);
  }
}
