/**
 * The value that holds what runs share: providers, environment, engine, observers, lifetime.
 *
 * Any number of runtimes live side by side; nothing of one is seen by another. A runtime keeps runs
 * only while they are under way.
 */
import { type Clock, type Random, systemClock } from '../base/clock.ts';
import { RegattaError } from '../base/errors.ts';
import { createId } from '../base/ids.ts';
import { MAX_TIMER_MS, Problems } from '../base/problems.ts';
import { journaled } from '../model/journaled.ts';
import { createResolver, type ResolveModel } from '../model/resolve.ts';
import { createEmbedderResolver } from '../model/resolve-embedder.ts';
import { type Allowance, checkAllowance } from '../observe/allowance.ts';
import { Budget } from '../observe/budget.ts';
import type { Allowances } from '../observe/ledger.ts';
import { RateLimiter } from '../observe/rate-limit.ts';
import { type Registration, Registry } from '../observe/registry.ts';
import { extendScope } from '../observe/scope.ts';
import type { DurableEntry } from '../ports/durable.ts';
import type { Engine, Job } from '../ports/engine.ts';
import type { Journal } from '../ports/journal.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Env } from '../ports/provider.ts';
import type { Entry, LimitEntry } from '../ports/scope.ts';
import type { InputAnswer } from '../protocol/input.ts';
import { BUFFER_CAPACITY } from './buffer.ts';
import { Deliveries } from './deliveries.ts';
import { unknownToken } from './input-answer.ts';
import { type JournalInput, Journals, journalMissing, newRecording, type Past } from './journals.ts';
import { readUsage } from './recorded-usage.ts';
import type { RecordingSetup } from './recording.ts';
import { respond } from './respond.ts';
import { type FlushOptions, Run } from './run.ts';
import type { CoreOptions, StartOptions } from './runtime-options.ts';
import type { RuntimeShare } from './setup.ts';

type State = 'open' | 'draining' | 'closed';

export class RuntimeCore {
  readonly #options: CoreOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #share: RuntimeShare;
  readonly #registry = new Registry();
  readonly #deliveries: Deliveries;
  readonly #allowances: Allowances;
  /** Of definitions that bound their runs; forgotten with them. */
  readonly #byDefinition = new WeakMap<Allowance, Allowances>();
  /** Of scopes that bound their calls; likewise. */
  readonly #byEntry = new WeakMap<LimitEntry, RateLimiter>();
  /** Under way, or with observers that are not done; emptied as they end. */
  readonly #active = new Set<Run<unknown>>();
  readonly #journals: Journals;
  #threadsEngine: Engine | undefined;
  #state: State = 'open';

  constructor(options: CoreOptions) {
    this.#options = options;
    this.#journals = new Journals(options);
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#deliveries = new Deliveries(options.engine, options.onDeliveryError);
    this.register(options.entries);
    this.#allowances = this.#open('runtime', options);
    const resolve = createResolver(options);
    const withJournal: ResolveModel = (llm, owner) => journaled(resolve(llm, owner));
    this.#share = {
      facts: options,
      clock: this.#clock,
      random: this.#random,
      onObserverError: options.onObserverError,
      onUnheardInput: options.onUnheardInput,
      resolveEmbedder: createEmbedderResolver(options),
      limiterOf: (entry) => this.#limiterOf(entry),
      resolverFor: (isJournaled: boolean) => (isJournaled ? withJournal : resolve),
    };
  }

  get env(): Env {
    return this.#options.env;
  }

  /** Runs under way, or whose observers are not done yet. */
  get activeRuns(): number {
    return this.#active.size;
  }

  /**
   * Adds entries to the runtime's scope: spans that open from now on have them. Durable ones are the engine's.
   *
   * @throws RegattaError `callbacks/not-durable`
   */
  register(entries: readonly (Entry | DurableEntry)[]): Registration {
    const isDurable = (entry: Entry | DurableEntry): entry is DurableEntry => entry.kind === 'durable';
    const stop = this.#deliveries.add(entries.filter(isDurable));
    const registration = this.#registry.add(entries.filter((entry) => !isDurable(entry)));
    const dispose = (): void => {
      registration.dispose();
      stop();
    };
    return { dispose, [Symbol.dispose]: dispose };
  }

  /** Waits until the engine keeps events for all durable callbacks. */
  async ready(): Promise<void> {
    await this.#deliveries.ready();
  }

  get defaultLlm(): LlmDefinition | undefined {
    return this.#options.defaultLlm;
  }

  /** The journal that is meant; undefined = none. Those given by their path are closed with the runtime. */
  journalOf(given: JournalInput | undefined): Journal | undefined {
    return this.#journals.of(given);
  }

  /**
   * Answers a run that is under way here, or any run of `journal`. The first answer counts.
   *
   * @throws RegattaError `input/unknown-token` or `input/invalid-answer`.
   */
  async respond(
    runId: string,
    { token, answer, journal }: { token: string; answer: InputAnswer; journal: JournalInput | undefined },
  ): Promise<void> {
    const run = [...this.#active].find(({ id, status }) => id === runId && status === 'running');
    if (run !== undefined) return await run.answer(token, answer);
    const kept = this.journalOf(journal);
    if (kept === undefined) throw unknownToken(runId, token);
    await respond(kept, runId, { token, answer });
  }

  /**
   * @throws RegattaError `runtime/closed` once `close` was called; `definition/invalid` for a budget;
   * `journal/missing`.
   */
  start<Output>(job: Job<Output>, given: StartOptions): Run<Output> {
    const { scopes, on, journal, past, onInput = 'wait', hasHandle = true } = given;
    if (this.#state !== 'open') {
      const message = `The runtime is ${this.#state} and starts no runs. Create another runtime.`;
      throw new RegattaError('runtime/closed', message, { state: this.#state });
    }
    // The runtime's journal is for what can be resumed: a single call of a model cannot.
    const isMeant = journal !== undefined || job.fingerprint !== undefined;
    const kept = isMeant ? this.journalOf(journal) : undefined;
    const recording = given.recording ?? this.#record(job, kept, past);
    if (onInput === 'suspend' && recording === undefined) throw journalMissing("onInput: 'suspend'");
    const run = new Run(job, {
      runId: recording?.record.runId ?? createId(this.#clock, this.#random),
      runtime: this.#share,
      options: {
        context: given.context,
        signal: given.signal,
        stream: given.stream ?? false,
        recording,
        onInput,
        hasHandle,
        bufferSize: given.bufferSize ?? (hasHandle ? BUFFER_CAPACITY : 0), // for nobody who could read them
      },
      engine: this.#deliveries.before(this.#engineFor(on)),
      allowances: this.#allowancesOf(given, recording),
      scope: scopes.reduce(extendScope, this.#registry.scope),
    });
    this.#active.add(run);
    const remove = (): unknown => this.#active.delete(run);
    const forget = (): unknown => run.settle(FORGET_TIMEOUT_MS)?.then(remove) ?? remove();
    run.result.then(forget, forget);
    return run;
  }

  #record(
    job: Job<unknown>,
    journal: Journal | undefined,
    past: Past | undefined,
  ): RecordingSetup | undefined {
    if (journal === undefined) return undefined;
    const { name, ref, inputs, settings = null } = job;
    const run = {
      runId: createId(this.#clock, this.#random),
      ...{ name, ref, inputs, settings },
      fingerprint: job.fingerprint?.(this.defaultLlm) ?? {},
      startedAtMs: this.#clock.now(),
      seed: Math.floor(this.#random() * 2 ** 32),
    };
    return newRecording(journal, run, past);
  }

  #allowancesOf(
    { definition, budget, limiters = [] }: StartOptions,
    recording: RecordingSetup | undefined,
  ): Allowances {
    const isPlain = definition?.budget === undefined && definition?.limits === undefined;
    if (isPlain && budget === undefined && limiters.length === 0) return this.#allowances;
    const parts = [this.#allowances];
    if (definition !== undefined && !isPlain) {
      let own = this.#byDefinition.get(definition);
      if (own === undefined) {
        own = this.#open('crew', definition);
        this.#byDefinition.set(definition, own);
      }
      parts.push(own);
    }
    if (budget !== undefined) {
      const own = this.#open('run', { budget });
      // The run's budget is for all its epochs. The others have booked them, or their process is gone.
      const { entries } = readUsage(recording?.record.runId ?? '', recording?.records ?? []);
      for (const entry of entries) for (const part of own.budgets) part.book(entry);
      parts.push(own);
    }
    return {
      budgets: parts.flatMap(({ budgets }) => budgets),
      limiters: [...parts.flatMap((part) => part.limiters), ...limiters],
    };
  }

  #open(owner: string, allowance: Allowance): Allowances {
    const problems = new Problems(`The ${owner}`);
    checkAllowance(problems, allowance);
    problems.throwIfAny();
    const { budget, limits } = allowance;
    return {
      budgets: budget === undefined ? [] : [new Budget(owner, budget)],
      limiters: limits === undefined ? [] : [new RateLimiter(owner, limits, this.#clock)],
    };
  }

  #limiterOf(entry: LimitEntry): RateLimiter {
    let limiter = this.#byEntry.get(entry);
    if (limiter === undefined) {
      limiter = new RateLimiter(entry.name, entry, this.#clock);
      this.#byEntry.set(entry, limiter);
    }
    return limiter;
  }

  #engineFor(on: StartOptions['on']): Engine {
    if (on === 'threads') return this.#threads();
    return on === 'here' ? this.#options.here : this.#options.engine;
  }

  #threads(): Engine {
    this.#threadsEngine ??= this.#options.openThreads();
    return this.#threadsEngine;
  }

  /** Waits for the observers of every run under way. */
  async flush(options?: FlushOptions): Promise<void> {
    await Promise.all(Array.from(this.#active, (run) => run.flush(options)));
  }

  /** Lets the runs end and their observers finish, at most `timeoutMs`; then cancels the rest. Idempotent. */
  async close({ timeoutMs = CLOSE_TIMEOUT_MS }: FlushOptions = {}): Promise<void> {
    if (this.#state === 'closed') return;
    this.#state = 'draining';
    const runs = [...this.#active];
    const cancel = (): void => {
      for (const run of runs) run.cancel('the runtime was closed');
    };
    const timer = setTimeout(cancel, Math.min(timeoutMs, MAX_TIMER_MS));
    await Promise.allSettled(runs.map(({ result }) => result));
    clearTimeout(timer);
    await this.flush({ timeoutMs });
    this.#state = 'closed';
    this.#deliveries.close();
    await Promise.all([
      this.#options.engine.close?.(),
      this.#threadsEngine?.close?.(),
      this.#options.providers.close(),
      this.#options.cassette?.save(),
      this.#journals.close(),
    ]);
  }
}

/** An observer that hangs is given up on, so that the runtime does not keep its run. */
const FORGET_TIMEOUT_MS = 60_000;
const CLOSE_TIMEOUT_MS = 30_000;
