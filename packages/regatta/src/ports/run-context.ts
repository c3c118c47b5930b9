/** What everything that runs is given. It is passed down, never looked up. */
import type { CallContext } from './call-context.ts';
import type { LlmDefinition, Model } from './model.ts';
import type { Scope } from './scope.ts';

export interface ChildOptions {
  readonly task?: string;
  readonly agent?: string;
  /** Observers that only the child span and what is inside it add. */
  readonly scope?: Scope;
}

export interface RunContext extends CallContext {
  /** What the user gave as `context`. Never in events or journals. */
  readonly context: unknown;
  /** Opens a span inside this one. `key` names its place, and stays the same when a run is repeated. */
  child(key: string, options?: ChildOptions): RunContext;
  withSignal(signal: AbortSignal): RunContext;
  /** The model that a definition means in this runtime. `owner` names the asker in errors. */
  resolveModel(llm: LlmDefinition | undefined, owner: string): Model;
  /** Uses of `key` in this run, the one that this call counts included. */
  countUse(key: object): number;
  /** Calls user code so that `currentRun()` inside it is this run. */
  enter<T>(call: () => T): T;
}
