/**
 * The context of a run whose host is another thread. What needs the whole run (money, guards, the
 * journal) is asked there; what only needs the definition is decided here.
 */
import { type Clock, type Random, systemClock } from '../base/clock.ts';
import type { ResolveModel } from '../model/resolve.ts';
import type { ResolveEmbedder } from '../model/resolve-embedder.ts';
import { extendScope } from '../observe/scope.ts';
import type { EmbedderDefinition, ReadyEmbedder } from '../ports/embedder.ts';
import type { GuardPoint, GuardSubjects } from '../ports/guard.ts';
import type { Meter } from '../ports/meter.ts';
import type { LlmDefinition, Model } from '../ports/model.ts';
import type { ChildOptions, RunContext, RuntimeFacts } from '../ports/run-context.ts';
import type { Scope } from '../ports/scope.ts';
import type { EventDraft, Span } from '../ports/span.ts';
import type { EventBody } from '../protocol/event.ts';
import type { InputAnswers, InputKind, InputRequest } from '../protocol/input.ts';
import { enterRun } from '../run/current.ts';
import type { Uses } from '../run/uses.ts';
import type { HostLink } from './host-link.ts';
import { RemoteMeter } from './remote-meter.ts';

/** What all contexts of a run share. */
export interface RemoteCore {
  readonly runId: string;
  readonly link: HostLink;
  readonly context: unknown;
  readonly facts: RuntimeFacts;
  readonly tell: (draft: EventDraft) => Promise<unknown> | undefined;
  readonly wantsDeltas: boolean;
  readonly isJournaled: boolean;
  readonly startedAtMs: number;
  readonly epoch: number;
  readonly seed: number;
  /** Under a journal: what a span draws from, by its id. */
  readonly randomOf: (spanId: string) => Random;
  /** Points that guards of the whole run stand at. */
  readonly guarded: ReadonlySet<GuardPoint>;
  /** Counts what the host counts. */
  readonly ledger: Meter;
  readonly resolveModel: ResolveModel;
  readonly resolveEmbedder: ResolveEmbedder;
  readonly uses: Uses;
}

export class RemoteContext implements RunContext {
  readonly #core: RemoteCore;
  /** Its scope holds only what the definition adds: the rest of it is the host's. */
  readonly span: Span;
  readonly signal: AbortSignal;

  constructor(core: RemoteCore, span: Span, signal: AbortSignal) {
    this.#core = core;
    this.span = span;
    this.signal = signal;
  }

  get runId(): string {
    return this.#core.runId;
  }
  get context(): unknown {
    return this.#core.context;
  }
  get facts(): RuntimeFacts {
    return this.#core.facts;
  }
  get wantsDeltas(): boolean {
    return this.#core.wantsDeltas;
  }
  get isJournaled(): boolean {
    return this.#core.isJournaled;
  }
  get meter(): Meter {
    return new RemoteMeter(this.#core.link, this.span, this.#core.ledger);
  }
  get clock(): Clock {
    return systemClock;
  }
  get random(): Random {
    const { isJournaled, randomOf } = this.#core;
    return isJournaled ? randomOf(this.span.id) : Math.random;
  }
  get startedAtMs(): number {
    return this.#core.startedAtMs;
  }
  get epoch(): number {
    return this.#core.epoch;
  }
  get seed(): number {
    return this.#core.seed;
  }
  get orphan(): (work: Promise<unknown>) => void {
    return (work) => this.#core.link.orphan(work);
  }

  tell(body: EventBody): Promise<unknown> | undefined {
    return this.#core.tell({ span: this.span, body });
  }

  child(key: string, { task, agent, scope = [] }: ChildOptions = {}): RunContext {
    const { span } = this;
    return this.#at({
      id: `${span.id}/${key}`,
      parentId: span.id,
      task: task ?? span.task,
      agent: agent ?? span.agent,
      scope: extendScope(span.scope, scope),
    });
  }

  adopt(span: Omit<Span, 'scope'>, entries: Scope): RunContext {
    return this.#at({ ...span, scope: entries });
  }

  withSignal(signal: AbortSignal): RunContext {
    return new RemoteContext(this.#core, this.span, signal);
  }

  withoutDeltas(): RunContext {
    return new RemoteContext({ ...this.#core, wantsDeltas: false }, this.span, this.signal);
  }

  withContext(context: unknown): RunContext {
    return new RemoteContext({ ...this.#core, context }, this.span, this.signal);
  }

  /** The host has the journal: it gives what is recorded, or has the work done here and records it first. */
  async step<T>(kind: string, work: () => Promise<T>): Promise<T> {
    if (!this.#core.isJournaled) return await work();
    const ask = { kind: 'step', name: kind } as const;
    const { value } = await this.#core.link.ask({ span: this.span, ask, work });
    return value as T; // recorded by this step, whose values are of one type
  }

  isGuarded(at: GuardPoint): boolean {
    const isOwn = (entry: Scope[number]): boolean => entry.kind === 'guard' && entry.at === at;
    return this.#core.guarded.has(at) || this.span.scope.some(isOwn);
  }

  async guard<Point extends GuardPoint>(
    at: Point,
    subject: GuardSubjects[Point],
  ): Promise<GuardSubjects[Point]> {
    const ask = { kind: 'guard', at, subject } as const;
    const { value } = await this.#core.link.ask({ span: this.span, ask, signal: this.signal });
    return value as GuardSubjects[Point]; // the host applied the guards of this point
  }

  resolveModel(llm: LlmDefinition | undefined, owner: string): Model {
    return this.#core.resolveModel(llm, owner);
  }

  resolveEmbedder(embedder: EmbedderDefinition): Promise<ReadyEmbedder> {
    return this.#core.resolveEmbedder(embedder);
  }

  /** The host's run waits, and says so. */
  async ask<Kind extends InputKind>(request: InputRequest<Kind>): Promise<InputAnswers[Kind]> {
    const ask = { kind: 'input', request } as const;
    const { signal, span } = this;
    const { value } = await this.#core.link.ask({ span, ask, signal, isTold: true });
    return value as InputAnswers[Kind]; // the host checked it
  }

  countUse(key: object): number {
    return this.#core.uses.count(key);
  }

  /** What was said so far leaves first: user code may hold the thread, or end it. */
  enter<T>(call: () => T): T {
    this.#core.link.flush();
    return enterRun({ id: this.#core.runId, spanId: this.span.id }, call);
  }

  #at(span: Span): RunContext {
    return new RemoteContext(this.#core, span, this.signal);
  }
}
