/** What everything that runs is given. It is passed down, never looked up. */
import type { InputAnswers, InputKind, InputRequest } from '../protocol/input.ts';
import type { CallContext } from './call-context.ts';
import type { Cassette } from './cassette.ts';
import type { EmbedderDefinition, ReadyEmbedder } from './embedder.ts';
import type { LlmDefinition, Model } from './model.ts';
import type { Env } from './provider.ts';
import type { Scope } from './scope.ts';
import type { Span } from './span.ts';

export interface ChildOptions {
  readonly task?: string;
  readonly agent?: string;
  /** Observers that only the child span and what is inside it add. */
  readonly scope?: Scope;
}

/** A runtime's share in how its runs behave, as data. `env` holds keys: it goes to workers, and nowhere else. */
export interface RuntimeFacts {
  readonly env: Env;
  readonly rehearse: boolean;
  readonly defaultLlm: LlmDefinition | undefined;
  /** It stays where it is: runs of a runtime that has one do not go elsewhere. */
  readonly cassette?: Cassette | undefined;
}

export interface RunContext extends CallContext {
  /** What the user gave as `context`. Never in events or journals. */
  readonly context: unknown;
  /** Opens a span inside this one. `key` names its place, and stays the same when a run is repeated. */
  child(key: string, options?: ChildOptions): RunContext;
  withSignal(signal: AbortSignal): RunContext;
  /** The same span for user code that is to see another `context`. */
  withContext(context: unknown): RunContext;
  /** The same span where nobody wants pieces of answers. */
  withoutDeltas(): RunContext;
  /** What an engine elsewhere needs of the runtime. */
  readonly facts: RuntimeFacts;
  /** Inside this run, a span that another thread or machine has opened, with the entries that it adds. */
  adopt(span: Omit<Span, 'scope'>, entries: Scope): RunContext;
  /** When the run was started: the same time in a run that is resumed. Milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** How often the run was taken up: 1 for a run that was never resumed. */
  readonly epoch: number;
  /** What `random` is derived from where `step` records: then a repeated span draws the same. */
  readonly seed: number;
  /** Whether `step` records. */
  readonly isJournaled: boolean;
  /** The model that a definition means in this runtime. `owner` names the asker in errors. */
  resolveModel(llm: LlmDefinition | undefined, owner: string): Model;
  /** Likewise, and open. @throws RegattaError `llm/*` */
  resolveEmbedder(embedder: EmbedderDefinition): Promise<ReadyEmbedder>;
  /**
   * Asks a person, and waits. The answer's token is the span's id, so a span asks once. With a journal
   * the answer is recorded before it is used, and a resumed run gets it without asking again.
   *
   * @throws RegattaError `input/timeout`; the signal's reason.
   */
  ask<Kind extends InputKind>(request: InputRequest<Kind>): Promise<InputAnswers[Kind]>;
  /** Uses of `key` in this run, the one that this call counts included. */
  countUse(key: object): number;
  /** Calls user code so that `currentRun()` inside it is this run. */
  enter<T>(call: () => T): T;
}
