/**
 * A run whose work is done on a thread, as the host holds it: drafts come in, credits and answers go
 * out, and there is an end whatever becomes of the thread.
 */
import { Channel } from '../../base/channel.ts';
import { messageOf, RegattaError } from '../../base/errors.ts';
import type { Json } from '../../base/json.ts';
import type { RunContext } from '../../ports/run-context.ts';
import type { Entry } from '../../ports/scope.ts';
import type { EventDraft } from '../../ports/span.ts';
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

type Ending =
  | { readonly status: 'done'; readonly output: Json }
  | { readonly status: 'failed'; readonly error: unknown };

export class RemoteRun implements Receiver {
  readonly #options: RemoteRunOptions;
  readonly #thread: Thread;
  readonly #calls: HostCalls;
  readonly #news = new Channel<EventDraft>();
  readonly #spans: AdoptedSpans;
  readonly #orphans: Orphans;
  /** Ends the wait for a cancelled run's own end. */
  #grace: AbortController | undefined;
  /** Nobody reads any more. */
  #isLeft = false;
  readonly #cancel = (): void => this.#onCancel();
  #read = 0;
  #ending: Ending | undefined;
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
      say: (draft) => this.#news.push(draft),
    });
    thread.start(order, this);
    context.signal.addEventListener('abort', this.#cancel, { once: true });
  }

  /** Waits for drafts; undefined once the run is over. */
  async take(): Promise<readonly EventDraft[] | undefined> {
    if (this.#ending !== undefined && this.#news.size === 0) return undefined;
    return await this.#news.take();
  }

  /** Lets the thread send more, now that one draft was read. */
  credit(): void {
    if (++this.#read % GRANT === 0 && !this.#isOver) {
      this.#thread.post({ type: 'credit', runId: this.#options.order.runId, count: GRANT });
    }
  }

  /** Once `take` gave undefined. @throws what ended the run. */
  output(): Json {
    if (this.#ending?.status === 'done') return this.#ending.output;
    throw this.#ending?.error;
  }

  /** Nobody reads any more. What the run has opened here is closed; if the thread still works on it, that is counted. */
  leave(): void {
    const { order, context } = this.#options;
    const { runId } = order;
    const reason = this.#ending?.status === 'failed' ? this.#ending.error : undefined;
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
      this.#finish({ status: 'failed', error }); // whoever reads leaves, which stops the thread's part
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
    this.#finish({ status: 'failed', error });
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
        this.#finish({ status: 'failed', error: fromWireError(message.error) });
        return;
      case 'end': {
        const { outcome } = message;
        this.#isOver = true;
        if (this.#isLeft) this.#orphans.settle(); // the run itself, see `leave`
        // `toPortable` made the value.
        if (outcome.status === 'done') this.#finish({ status: 'done', output: outcome.value as Json });
        else this.#finish({ status: 'failed', error: fromWireError(outcome.error) });
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
        this.#news.push({ span: this.#spans.contextOf(message.spanId).span, body: message.body });
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
      () => this.#finish({ status: 'failed', error: reason }),
      () => undefined, // it ended in time
    );
    if (terminateAfterMs !== undefined) void this.#thread.endUnlessItAnswers(terminateAfterMs, context.clock);
  }

  #finish(ending: Ending): void {
    this.#ending ??= ending;
    this.#news.wake();
  }

  #forget(): void {
    if (this.#isOver && this.#orphans.size === 0) this.#thread.forget(this.#options.order.runId);
  }
}
