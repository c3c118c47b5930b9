/** A run on its thread: loads the crew, does the work, and tells the host what happens, as fast as it may. */
import { untilAborted } from '../base/abort.ts';
import { seededRandoms } from '../base/seeded-random.ts';
import type { Inputs } from '../base/template.ts';
import { type CrewSettings, createJob, runWork, toPortable } from '../crew/job.ts';
import type { Outbox } from '../engines/threads/outbox.ts';
import { fromPortableFacts } from '../engines/threads/portable-facts.ts';
import type { FromThread, Outcome, RunOrder, ToRun } from '../engines/threads/wire.ts';
import { fromWireError, toWireError } from '../engines/threads/wire-error.ts';
import { journaled } from '../model/journaled.ts';
import { createResolver, type ResolveModel } from '../model/resolve.ts';
import { createEmbedderResolver } from '../model/resolve-embedder.ts';
import { Ledger } from '../observe/ledger.ts';
import type { Providers } from '../ports/provider.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { EventDraft, Span } from '../ports/span.ts';
import { Uses } from '../run/uses.ts';
import { HostLink } from './host-link.ts';
import { loadCrew } from './load-crew.ts';
import { RemoteContext } from './remote-context.ts';

/** What the runs of a thread share. */
export interface ThreadShare {
  readonly outbox: Outbox<FromThread>;
  readonly providers: Providers;
}

export class ThreadRun {
  /** Resolves when the run has ended and has said so. Never rejects. */
  readonly done: Promise<void>;
  readonly #link: HostLink;
  readonly #controller = new AbortController();
  #credits: number;
  #nextCredit: PromiseWithResolvers<void> | undefined;

  /** Starts at once. */
  constructor(order: RunOrder, { outbox, providers }: ThreadShare) {
    this.#link = new HostLink(order.runId, outbox);
    this.#credits = order.credits;
    this.done = this.#drive(order, providers);
  }

  receive(message: ToRun): void {
    switch (message.type) {
      case 'credit':
        this.#grant(message.count);
        return;
      case 'cancel':
        this.#controller.abort(fromWireError(message.reason));
        return;
      case 'release':
        this.#link.release(this.#controller.signal.reason);
        this.#grant(Number.POSITIVE_INFINITY);
        return;
      case 'answer':
        this.#link.answer(message.call, message.outcome);
        return;
      case 'work':
        void this.#link.work(message.call);
    }
  }

  async #drive(order: RunOrder, providers: Providers): Promise<void> {
    this.#link.end(await this.#outcomeOf(order, providers));
  }

  async #outcomeOf(order: RunOrder, providers: Providers): Promise<Outcome> {
    const { signal } = this.#controller;
    try {
      const crew = await untilAborted(loadCrew(order.ref), signal);
      const inputs = order.inputs as Inputs; // they were the inputs of the host's job
      const settings = order.settings as unknown as CrewSettings; // likewise
      this.#link.address(createJob(crew, inputs, settings).entries());
      const tasks = await runWork({ crew, inputs, settings }, this.#open(order, providers));
      return { status: 'done', value: toPortable(tasks) };
    } catch (error) {
      return { status: 'failed', error: toWireError(error) };
    }
  }

  #open(order: RunOrder, providers: Providers): RunContext {
    const { runId, facts, wantsDeltas, isJournaled, startedAtMs, epoch, seed, guarded } = order;
    const portable = fromPortableFacts(facts);
    const resolve = createResolver({ ...portable, providers });
    const withJournal: ResolveModel = (llm, owner) => journaled(resolve(llm, owner));
    const span: Span = { id: runId, parentId: null, task: null, agent: null, scope: [] };
    const core = {
      runId,
      link: this.#link,
      tell: (draft: EventDraft) => this.#tell(draft),
      context: undefined,
      facts: portable,
      wantsDeltas,
      isJournaled,
      startedAtMs,
      epoch,
      seed,
      randomOf: seededRandoms(seed),
      guarded: new Set(guarded),
      ledger: new Ledger(runId),
      resolveModel: isJournaled ? withJournal : resolve,
      resolveEmbedder: createEmbedderResolver({ ...portable, providers }),
      uses: new Uses(),
    };
    return new RemoteContext(core, span, this.#controller.signal);
  }

  #grant(count: number): void {
    this.#credits += count;
    if (this.#credits <= 0) return;
    this.#nextCredit?.resolve();
    this.#nextCredit = undefined;
  }

  /** A thread that is ahead of its host waits, and with it the model that it reads. */
  #tell(draft: EventDraft): Promise<void> | undefined {
    this.#link.draft(draft);
    if (--this.#credits > 0) return undefined;
    this.#nextCredit ??= Promise.withResolvers<void>();
    return this.#nextCredit.promise;
  }
}
