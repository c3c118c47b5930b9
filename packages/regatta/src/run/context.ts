/** The context of a run, as everything in it is given it. */
import { untilAborted } from '../base/abort.ts';
import type { Clock, Random } from '../base/clock.ts';
import { toJson } from '../base/json.ts';
import type { ResolveModel } from '../model/resolve.ts';
import type { ResolveEmbedder } from '../model/resolve-embedder.ts';
import { applyGuards } from '../observe/guards.ts';
import { type LimiterOf, limited } from '../observe/limited.ts';
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
import type { Activity } from './activity.ts';
import { enterRun } from './current.ts';
import type { Inputs } from './inputs.ts';
import type { Recording } from './recording.ts';
import type { Uses } from './uses.ts';

/** What all contexts of a run share. */
export interface RunCore {
  readonly runId: string;
  /** The run's own: what every span of it inherits. */
  readonly scope: Scope;
  readonly context: unknown;
  readonly facts: RuntimeFacts;
  readonly tell: (draft: EventDraft) => Promise<unknown> | undefined;
  readonly wantsDeltas: boolean;
  readonly meter: Meter;
  readonly limiterOf: LimiterOf;
  readonly clock: Clock;
  readonly random: Random;
  readonly startedAtMs: number;
  readonly recording: Recording | undefined;
  readonly seed: number;
  /** Under a journal: what a span draws from, by its id. */
  readonly randomOf: (spanId: string) => Random;
  readonly activity: Activity;
  readonly resolveModel: ResolveModel;
  readonly resolveEmbedder: ResolveEmbedder;
  readonly inputs: Inputs;
  readonly uses: Uses;
  readonly orphan: (work: Promise<unknown>) => void;
}

/** One span's view of its run: three fields, so that opening a span costs next to nothing. */
export class Context implements RunContext {
  readonly #core: RunCore;
  readonly span: Span;
  readonly signal: AbortSignal;

  constructor(core: RunCore, span: Span, signal: AbortSignal) {
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
  get wantsDeltas(): boolean {
    return this.#core.wantsDeltas;
  }
  get meter(): Meter {
    const { meter, limiterOf } = this.#core;
    return limited(meter, this.span.scope, limiterOf);
  }
  get clock(): Clock {
    return this.#core.clock;
  }
  get random(): Random {
    const { recording, random, randomOf } = this.#core;
    return recording === undefined ? random : randomOf(this.span.id);
  }
  get startedAtMs(): number {
    return this.#core.startedAtMs;
  }
  get epoch(): number {
    return this.#core.recording?.epoch ?? 1;
  }
  get seed(): number {
    return this.#core.seed;
  }
  get orphan(): (work: Promise<unknown>) => void {
    return this.#core.orphan;
  }

  tell(body: EventBody): Promise<unknown> | undefined {
    return this.#core.tell({ span: this.span, body });
  }

  child(key: string, { task, agent, scope = [] }: ChildOptions = {}): RunContext {
    const { span } = this;
    const child = {
      id: `${span.id}/${key}`,
      parentId: span.id,
      task: task ?? span.task,
      agent: agent ?? span.agent,
      scope: extendScope(span.scope, scope),
    };
    return new Context(this.#core, child, this.signal);
  }

  adopt(span: Omit<Span, 'scope'>, entries: Scope): RunContext {
    const scope = extendScope(this.#core.scope, entries);
    return new Context(this.#core, { ...span, scope }, this.signal);
  }

  withoutDeltas(): RunContext {
    return new Context({ ...this.#core, wantsDeltas: false }, this.span, this.signal);
  }

  withContext(context: unknown): RunContext {
    return new Context({ ...this.#core, context }, this.span, this.signal);
  }

  get facts(): RuntimeFacts {
    return this.#core.facts;
  }

  get isJournaled(): boolean {
    return this.#core.recording !== undefined;
  }

  withSignal(signal: AbortSignal): RunContext {
    return new Context(this.#core, this.span, signal);
  }

  step<T>(kind: string, work: () => Promise<T>): Promise<T> {
    const { recording } = this.#core;
    return recording === undefined ? work() : this.#recorded(recording, kind, work);
  }

  async #recorded<T>(recording: Recording, kind: string, work: () => Promise<T>): Promise<T> {
    const { signal, orphan, span } = this;
    const { activity } = this.#core;
    const recorded = recording.recorded(span.id, kind);
    if (recorded !== undefined) return recorded as T; // this step wrote it, and a step's values are of one type
    return await activity.during(async () => {
      const value = toJson(await work());
      // What is used is what a resumed run will find.
      return (await untilAborted(recording.record(span.id, kind, value), signal, orphan)) as T;
    });
  }

  isGuarded(at: GuardPoint): boolean {
    for (const entry of this.span.scope) if (entry.kind === 'guard' && entry.at === at) return true;
    return false;
  }

  async guard<Point extends GuardPoint>(
    at: Point,
    subject: GuardSubjects[Point],
  ): Promise<GuardSubjects[Point]> {
    const { runId, signal, span } = this;
    const { id: spanId, task, agent, scope } = span;
    const { activity } = this.#core;
    return await activity.during(() =>
      applyGuards({ scope, at, subject }, { runId, spanId, task, agent, signal }),
    );
  }

  resolveModel(llm: LlmDefinition | undefined, owner: string): Model {
    return this.#core.resolveModel(llm, owner);
  }

  resolveEmbedder(embedder: EmbedderDefinition): Promise<ReadyEmbedder> {
    return this.#core.resolveEmbedder(embedder);
  }

  ask<Kind extends InputKind>(request: InputRequest<Kind>): Promise<InputAnswers[Kind]> {
    return this.#core.inputs.ask(request, this);
  }

  countUse(key: object): number {
    return this.#core.uses.count(key);
  }

  enter<T>(call: () => T): T {
    return enterRun({ id: this.#core.runId, spanId: this.span.id }, call);
  }
}
