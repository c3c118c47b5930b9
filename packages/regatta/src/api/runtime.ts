/** `createRuntime`: an explicit root for a server, a tenant or a test. */

import type { Clock, Random } from '../base/clock.ts';
import { Problems } from '../base/problems.ts';
import type { TaskDefinition } from '../crew/definition.ts';
import { builtinProviders } from '../models/providers.ts';
import type { BudgetLimits } from '../observe/budget.ts';
import type { Registration } from '../observe/registry.ts';
import type { Cassette } from '../ports/cassette.ts';
import type { Engine } from '../ports/engine.ts';
import type { RateLimits } from '../ports/limiter.ts';
import type { Env } from '../ports/provider.ts';
import type { Entry } from '../ports/scope.ts';
import type { RunEvent } from '../protocol/event.ts';
import type { InputAnswer } from '../protocol/input.ts';
import type { CrewOutput } from '../protocol/output.ts';
import type { Price } from '../protocol/usage.ts';
import type { JournalInput } from '../run/journals.ts';
import type { FlushOptions, Run } from '../run/run.ts';
import type { RuntimeCore } from '../run/runtime.ts';
import { type Callback, toEntries } from './callback.ts';
import { createCore, type RuntimeHolder, registerIn } from './core.ts';
import type { Crew } from './crew.ts';
import type { ForkOptions, KickoffOptions, OutputOf, ReplayOptions, ResumeOptions } from './crew-options.ts';
import { type EnvCallbacksMode, envEntries, openNamed } from './integrations.ts';
import { type LlmInput, toLlm } from './llm.ts';

export interface RuntimeOptions {
  /** Where keys and base URLs come from. A runtime reads nothing else: not `process.env`. @default {} */
  readonly env?: Env;
  /** Hear the events of every run. */
  readonly callbacks?: readonly Callback[];
  /**
   * Callbacks that `env` names (`LITELLM_SUCCESS_CALLBACKS`, `LITELLM_FAILURE_CALLBACKS` and their
   * `REGATTA_` twins): read once, outermost of all. @default 'strict'
   */
  readonly envCallbacks?: EnvCallbacksMode;
  /** For agents and crews without one. */
  readonly llm?: LlmInput;
  /** Where runs execute. @default the event loop */
  readonly engine?: Engine;
  /** Where runs are recorded unless they say otherwise; the path of a SQLite file, or a journal. @default none */
  readonly journal?: JournalInput;
  /** What all runs of this runtime together may spend. @default no limit */
  readonly budget?: BudgetLimits;
  /** What all runs of this runtime together may ask for in a minute. @default no limit */
  readonly limits?: RateLimits;
  /** Every model is the rehearsal model: no key, no network, and it says so. @default false */
  readonly rehearse?: boolean;
  /** Sockets per provider; a model call under way holds one. @default 256 */
  readonly connections?: number;
  /** Prices by `provider/model`, in place of those that come with the package. An LLM's own wins. @default {} */
  readonly prices?: Readonly<Record<string, Price>>;
  /** For tests: records what models answer, or plays it back; `close` saves it. From `regatta/testing`. */
  readonly cassette?: Cassette;
  /** For tests: what the time is. @default the system's */
  readonly clock?: Clock;
  /** For tests: what chance decides. @default Math.random */
  readonly random?: Random;
  /** Hears of callbacks that failed. @default a process warning */
  readonly onCallbackError?: (error: unknown, event: RunEvent, name: string) => void;
}

/**
 * What runs share, as a value: environment, providers and their sockets, callbacks, lifetime. Any
 * number may live side by side; nothing of one is seen by another.
 *
 * @throws RegattaError `llm/bad-model` or `definition/invalid`.
 */
export function createRuntime(options: RuntimeOptions = {}): Runtime {
  return new Runtime(options);
}

/** Made by `createRuntime`. */
export class Runtime implements RuntimeHolder, AsyncDisposable {
  /** @internal */
  readonly core: RuntimeCore;

  /** @internal */
  constructor({
    callbacks,
    llm,
    onCallbackError,
    connections,
    prices,
    envCallbacks = 'strict',
    ...options
  }: RuntimeOptions) {
    const problems = new Problems('The runtime');
    problems.integer('connections', connections, 1);
    problems.throwIfAny();
    const { env = {} } = options;
    const open = (name: string): Entry => openNamed(name, env);
    this.core = createCore({
      ...options,
      entries: [...envEntries(env, envCallbacks), ...toEntries(callbacks, 'The runtime', open)],
      defaultLlm: toLlm(llm),
      providers: builtinProviders({ connections, prices }),
      onObserverError: onCallbackError,
    });
  }

  /** As `crew.kickoff`, in this runtime. */
  async run<Tasks extends readonly TaskDefinition[]>(
    crew: Crew<Tasks>,
    options: Omit<KickoffOptions, 'runtime'> = {},
  ): Promise<CrewOutput<OutputOf<Tasks>>> {
    return await crew.kickoff({ ...options, runtime: this });
  }

  /** As `crew.start`, in this runtime. @throws RegattaError `runtime/closed` */
  start<Tasks extends readonly TaskDefinition[]>(
    crew: Crew<Tasks>,
    options: Omit<KickoffOptions, 'runtime'> = {},
  ): Run<CrewOutput<OutputOf<Tasks>>> {
    return crew.start({ ...options, runtime: this });
  }

  /** As `crew.resume`, in this runtime. */
  async resume<Tasks extends readonly TaskDefinition[]>(
    crew: Crew<Tasks>,
    runId: string,
    options: Omit<ResumeOptions, 'runtime'> = {},
  ): Promise<Run<CrewOutput<OutputOf<Tasks>>>> {
    return await crew.resume(runId, { ...options, runtime: this });
  }

  /** As `crew.fork`, in this runtime. */
  async fork<Tasks extends readonly TaskDefinition[]>(
    crew: Crew<Tasks>,
    runId: string,
    options: Omit<ForkOptions, 'runtime'>,
  ): Promise<Run<CrewOutput<OutputOf<Tasks>>>> {
    return await crew.fork(runId, { ...options, runtime: this });
  }

  /** As `crew.replay`, in this runtime. */
  async replay<Tasks extends readonly TaskDefinition[]>(
    crew: Crew<Tasks>,
    runId: string,
    options: Omit<ReplayOptions, 'runtime'>,
  ): Promise<Run<CrewOutput<OutputOf<Tasks>>>> {
    return await crew.replay(runId, { ...options, runtime: this });
  }

  /**
   * Answers a person's part in a run: one that is under way in this runtime, or any run of the journal,
   * wherever it is. The first answer counts.
   *
   * @throws RegattaError `input/unknown-token`, also for a token that was answered; `input/invalid-answer`.
   */
  async respond(
    runId: string,
    token: string,
    { answer, journal }: { readonly answer: InputAnswer; readonly journal?: JournalInput },
  ): Promise<void> {
    await this.core.respond(runId, { token, answer, journal });
  }

  /** Adds callbacks to every span that opens from now on; dispose the registration to take them back. */
  use(callbacks: readonly Callback[]): Registration {
    return registerIn(this.core, callbacks);
  }

  /** Runs under way, or whose callbacks are not done yet. */
  get activeRuns(): number {
    return this.core.activeRuns;
  }

  /** Waits for the callbacks of every run under way. */
  async flush(options?: FlushOptions): Promise<void> {
    await this.core.flush(options);
  }

  /** Starts no more runs, lets those under way end (at most `timeoutMs`, then cancels them), closes the sockets. */
  async close(options?: FlushOptions): Promise<void> {
    await this.core.close(options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
