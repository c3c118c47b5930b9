/**
 * One execution: has the work done, stamps what is told of it, tells the observers, keeps the ledger.
 *
 * The only place that emits, and the only place where an error becomes the end of a run.
 */
import { untilAborted } from '../base/abort.ts';
import { toErrorData } from '../base/error-data.ts';
import { messageOf, RegattaError } from '../base/errors.ts';
import { seededRandoms } from '../base/seeded-random.ts';
import { waitAtMost } from '../base/wait-at-most.ts';
import { Dispatcher } from '../observe/dispatcher.ts';
import { Ledger } from '../observe/ledger.ts';
import { Stamp } from '../observe/stamp.ts';
import type { Job } from '../ports/engine.ts';
import type { EventDraft, Span } from '../ports/span.ts';
import type { ReadableEvent, RunEnd } from '../protocol/event.ts';
import type { InputAnswer, PendingInput } from '../protocol/input.ts';
import type { ErrorData, RunStatus } from '../protocol/output.ts';
import type { LedgerEntry, UsageReport } from '../protocol/usage.ts';
import { Activity } from './activity.ts';
import { type Audit, auditOf } from './audit.ts';
import { EventBuffer } from './buffer.ts';
import { Context } from './context.ts';
import { createEnter } from './current.ts';
import { isGoodEnd, statusOf, toRunError } from './ending.ts';
import { Inputs } from './inputs.ts';
import { OpenSpans } from './open-spans.ts';
import { RecordedMeter, readUsage } from './recorded-usage.ts';
import { Recording } from './recording.ts';
import type { RunSetup } from './setup.ts';
import { Uses } from './uses.ts';

export interface FlushOptions {
  /** Milliseconds to wait at most. @default 30000 */
  readonly timeoutMs?: number;
}

const FLUSH_TIMEOUT_MS = 30_000;
/** Events of one run between two turns of the event loop at most. */
const EVENTS_PER_TURN = 256;

/** The end of a span that its engine or tool forgot to end, in a run that succeeded. */
const FORGOTTEN: ErrorData = Object.freeze({
  code: 'run/failed',
  message: 'The run ended, and this had not. Whoever opened the span must end it.',
  details: null,
});

export class Run<Output> implements AsyncDisposable {
  readonly id: string;
  /** Settles when the run has ended. Rejects with a RegattaError. */
  readonly result: Promise<Output>;
  readonly #controller = new AbortController();
  readonly #dispatcher: Dispatcher;
  readonly #stamp: Stamp;
  readonly #ledger: Ledger;
  readonly #buffer: EventBuffer;
  readonly #spans = new OpenSpans();
  readonly #inputs: Inputs;
  readonly #activity: Activity;
  readonly #recording: Recording | undefined;
  #orphaned = 0;
  #late = 0;
  #status: RunStatus | 'running' = 'running';

  /** Starts at once. Made by a runtime. */
  constructor(job: Job<Output>, setup: RunSetup) {
    const { runId, runtime, options } = setup;
    this.id = runId;
    const { recording } = options;
    // A journal that fails ends the run: what it cannot record, it must not do.
    const stop = (error: unknown): void => this.#controller.abort(error);
    this.#recording = recording && new Recording(recording, stop);
    const epoch = recording?.epoch ?? 1;
    const earlier = readUsage(runId, recording?.records ?? []);
    this.#stamp = new Stamp(runId, runtime.clock, epoch);
    this.#ledger = new Ledger(runId, setup.allowances, { epoch, entries: earlier.entries });
    for (const { spanId, kind, value } of earlier.lost) this.#recording?.note(spanId, kind, value);
    this.#buffer = new EventBuffer(options.bufferSize);
    this.#activity = new Activity(runtime.clock, () => this.#suspend());
    this.#inputs = new Inputs({
      runId,
      onInput: options.onInput,
      activity: this.#activity,
      recording: this.#recording,
      onUnheard: options.hasHandle ? undefined : runtime.onUnheardInput,
    });
    this.#dispatcher = new Dispatcher({
      openEnter: () => createEnter({ id: runId, spanId: runId }),
      onError: runtime.onObserverError,
      clock: runtime.clock,
    });
    this.result = this.#drive(job, setup);
    this.result.catch(() => undefined); // the error is in `run.end`; who awaits `result` gets it too
  }

  get status(): RunStatus | 'running' {
    return this.#status;
  }

  /** Tokens and money so far: exact at any time, whatever the observers are doing. */
  get usage(): UsageReport {
    return this.#ledger.report();
  }

  /** One entry for each attempt to call a model, the failed ones included. */
  get ledger(): readonly LedgerEntry[] {
    return Object.freeze([...this.#ledger.entries]);
  }

  /** All events from the first on, then live, until the run has ended. Any number of readers. */
  events(): AsyncGenerator<ReadableEvent, void, void> {
    return this.#buffer.read();
  }

  /** What the run waits for people to say, oldest first. */
  get pendingInputs(): readonly PendingInput[] {
    return this.#inputs.pending;
  }

  /**
   * Answers a request of `pendingInputs` or of an `input.start` event. The first answer counts.
   *
   * Where another process may answer too, `runtime.respond` says who was first; here, the recorded
   * answer is used whoever gave it.
   *
   * @throws RegattaError `input/unknown-token`, also for a token that was answered; `input/invalid-answer`.
   */
  respond(token: string, answer: InputAnswer): void {
    this.#inputs.respond(token, answer);
  }

  /** @internal As `respond`, once the journal says that it is the first answer. */
  async answer(token: string, answer: InputAnswer): Promise<void> {
    await this.#inputs.answer(token, answer);
  }

  /** Ends the run as `cancelled` and frees whoever awaits it. Idempotent, also after the end. */
  cancel(reason = 'cancelled by the caller'): void {
    if (this.#status === 'running') this.#abort(reason, undefined);
  }

  /**
   * Waits until every event emitted so far has reached its observers, was dropped or failed, or the
   * time is up. Says what became of them. Never rejects.
   */
  async flush({ timeoutMs = FLUSH_TIMEOUT_MS }: FlushOptions = {}): Promise<Audit> {
    await this.settle(timeoutMs);
    return this.audit();
  }

  /** @internal As `flush`. Undefined when there is nothing to wait for. */
  settle(timeoutMs: number): Promise<void> | undefined {
    const settled = this.#dispatcher.settle();
    return settled && waitAtMost(settled, timeoutMs);
  }

  audit(): Audit {
    return auditOf(this.#dispatcher.counts(), {
      emitted: this.#stamp.count,
      withheld: this.#dispatcher.withheld,
      orphaned: this.#orphaned,
      late: this.#late,
      openAttempts: this.#ledger.open,
    });
  }

  /** Cancels what still runs, and waits for its end and its observers. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.cancel('disposed');
    await this.result.catch(() => undefined); // the disposer did not ask for the outcome
    await this.flush();
  }

  async #drive(job: Job<Output>, { runId, runtime, options, engine, scope }: RunSetup): Promise<Output> {
    const { signal } = this.#controller;
    const { clock, random } = runtime;
    const span: Span = { id: runId, parentId: null, task: null, agent: null, scope };
    const recording = this.#recording;
    const seed = options.recording?.record.seed ?? 0;
    const core = {
      runId,
      scope,
      context: options.context,
      facts: runtime.facts,
      wantsDeltas: options.stream,
      limiterOf: runtime.limiterOf,
      meter: recording === undefined ? this.#ledger : new RecordedMeter(this.#ledger, recording),
      clock,
      random,
      startedAtMs: options.recording?.record.startedAtMs ?? clock.now(),
      recording,
      seed,
      randomOf: seededRandoms(seed),
      activity: this.#activity,
      resolveModel: runtime.resolverFor(recording !== undefined),
      resolveEmbedder: runtime.resolveEmbedder,
      inputs: this.#inputs,
      uses: new Uses(),
      tell: (draft: EventDraft) => this.#tell(draft),
      orphan: (work: Promise<unknown>) => this.#adopt(work),
    };
    const { signal: outer } = options;
    const follow = (): void => this.#abort(messageOf(outer?.reason), outer?.reason);
    if (outer?.aborted) follow();
    else outer?.addEventListener('abort', follow, { once: true });
    void this.#emit({
      span,
      body: { type: 'run.start', name: job.name, engine: engine.name, inputs: job.inputs },
    });
    let end: Pick<RunEnd, 'status' | 'output' | 'error'> = { status: 'succeeded', output: null, error: null };
    try {
      if (recording !== undefined) await untilAborted(recording.begin(), signal, core.orphan);
      const output = await engine.execute(job, new Context(core, span, signal));
      for (const draft of this.#spans.close(FORGOTTEN)) void this.#emit(draft);
      end = { ...end, output: job.show(output) };
      await recording?.end({ ...end, usage: this.usage });
      return output;
    } catch (thrown) {
      const error = signal.aborted ? signal.reason : toRunError(thrown, runId);
      end = { status: statusOf(error, signal), output: null, error: toErrorData(error) };
      for (const draft of this.#spans.close(toErrorData(error))) void this.#emit(draft);
      await this.#recordEnd(end);
      throw error;
    } finally {
      outer?.removeEventListener('abort', follow);
      this.#status = end.status;
      void this.#emit({ span, body: { type: 'run.end', ...end, usage: this.usage } });
      this.#buffer.close();
    }
  }

  #tell(draft: EventDraft): Promise<unknown> | undefined {
    if (this.#status !== 'running') {
      this.#late++;
      return undefined;
    }
    const room = this.#emit(draft);
    if (room !== undefined) return this.#activity.during(() => room);
    // Work that never waits for the outside would keep the event loop from every other run.
    return this.#stamp.count % EVENTS_PER_TURN === 0 ? new Promise(setImmediate) : undefined;
  }

  /** Gives a promise when an observer asks the run to wait for it. */
  #emit(draft: EventDraft): Promise<unknown> | undefined {
    this.#spans.track(draft);
    this.#activity.stir();
    if (this.#recording !== undefined && !this.#isNews(draft, this.#recording)) return undefined;
    const event = this.#stamp.event(draft);
    this.#buffer.push(event);
    return this.#dispatcher.publish(event, draft.span.scope);
  }

  /** What an earlier epoch has told is not told again. */
  #isNews({ span, body }: EventDraft, recording: Recording): boolean {
    if (span.parentId === null) return true;
    if (recording.isTold({ span, body })) return false;
    if (body.type.endsWith('.end') && isGoodEnd(body)) recording.noteEnd(span.id);
    return true;
  }

  /** A journal that fails here has failed before, or its hold ends by itself: the run's own error is told. */
  async #recordEnd(end: Pick<RunEnd, 'status' | 'output' | 'error'>): Promise<void> {
    const recorded = this.#recording?.end({ ...end, usage: this.usage }).catch(() => undefined);
    if (recorded === undefined) return;
    if (end.status === 'cancelled')
      this.#adopt(recorded); // who cancels is freed at once
    else await recorded;
  }

  #suspend(): void {
    const tokens = this.#inputs.pending.map(({ token }) => token);
    const message = `Run "${this.id}" is suspended until a person answers ${tokens.join(', ')}. Answer with respond(), and resume the run.`;
    this.#controller.abort(new RegattaError('run/suspended', message, { runId: this.id, tokens }));
  }

  #abort(reason: string, cause: unknown): void {
    const message = `Run "${this.id}" was cancelled: ${reason}. Start it again to get a result.`;
    this.#controller.abort(
      new RegattaError(
        'run/cancelled',
        message,
        { runId: this.id, reason },
        cause === undefined ? {} : { cause },
      ),
    );
  }

  #adopt(work: Promise<unknown>): void {
    this.#orphaned++;
    const settle = (): void => {
      this.#orphaned--;
    };
    work.then(settle, settle);
  }
}
