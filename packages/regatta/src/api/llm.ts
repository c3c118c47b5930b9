/** `LLM`: a model with settings. */

import { Problems, show } from '../base/problems.ts';
import type { Schema } from '../base/schema.ts';
import { createLlmDefinition, type LlmSettings } from '../model/llm.ts';
import { deploymentsOf } from '../model/router.ts';
import type { Registration } from '../observe/registry.ts';
import { extendScope } from '../observe/scope.ts';
import type { LlmDefinition, ModelSettings } from '../ports/model.ts';
import type { Env } from '../ports/provider.ts';
import type { Scope } from '../ports/scope.ts';
import type { Run } from '../run/run.ts';
import type { StartOptions } from '../run/runtime-options.ts';
import { type CallInput, type CallOptions, type CallResult, callJob, createQuestion } from './call.ts';
import { CallStream } from './call-stream.ts';
import { type Callback, toScope } from './callback.ts';
import { defaultCore, registerIn } from './core.ts';
import { type EnvCallbacksMode, envEntries, openNamed } from './integrations.ts';

export interface LlmOptions extends LlmSettings {
  /**
   * Asked in this order where the model before it fails for a reason of its own. A name takes over what
   * is said here of sampling, limits and retries, and nothing that is this provider's: no key, base URL,
   * headers, `fetch` or provider options. @default none
   */
  readonly fallback?: readonly LlmInput[];
  /** Hear the calls of this LLM, wherever it is used. Those of a fallback hear them as well. */
  readonly callbacks?: readonly Callback[];
}

/** What agents, crews and runtimes take as `llm`. */
export type LlmInput = string | LLM | object;

/**
 * A model with settings. Frozen; making or copying one changes nothing outside of it, and one LLM may
 * serve any number of agents and runs at once.
 *
 * @throws RegattaError `llm/bad-model` or `definition/invalid`.
 * @example
 * const llm = new LLM({ model: 'openai/gpt-5.4-mini', temperature: 0 });
 * const { text } = await llm.call('What is a regatta?');
 */
export class LLM implements LlmDefinition {
  readonly model: string | object;
  readonly settings: ModelSettings;
  readonly fallback: readonly LlmDefinition[];
  readonly scope: Scope;

  constructor({ callbacks, fallback: inputs = [], ...settings }: LlmOptions) {
    checkFallback(inputs);
    const own = toScope(callbacks, `LLM "${String(settings.model)}"`);
    const fallback = inputs.map((input) => toFallback(input, settings));
    // A fallback's guards must stand before its calls, and a span's scope is fixed when it opens.
    const others = [...fallback, ...deploymentsOf(settings.model)];
    const scope = others.reduceRight((inner, { scope: outer }) => extendScope(outer, inner), own);
    const definition = createLlmDefinition(settings, { fallback, scope });
    this.model = definition.model;
    this.settings = definition.settings;
    this.fallback = definition.fallback;
    this.scope = definition.scope;
    Object.freeze(this);
  }

  /**
   * Adds callbacks to the scope of the process's runtime: they hear every run that names no other
   * runtime, in spans that open from now on. Of one class the newest counts, in this scope alone.
   * Dispose the registration to take them back.
   *
   * @throws RegattaError `definition/invalid`, `callbacks/unknown-name` or `callbacks/missing-variable`.
   */
  static setCallbacks(callbacks: readonly Callback[]): Registration {
    return registerIn(defaultCore(), callbacks);
  }

  /**
   * Adds the callbacks that `env` names in `LITELLM_SUCCESS_CALLBACKS`, `LITELLM_FAILURE_CALLBACKS`,
   * `REGATTA_SUCCESS_CALLBACKS` and `REGATTA_FAILURE_CALLBACKS` to the scope of the process's runtime.
   * Each variable counts for itself. That runtime reads `process.env` once, when it is made.
   *
   * @throws RegattaError `callbacks/unknown-name` or `callbacks/missing-variable`, in `strict` mode.
   */
  static setEnvCallbacks(env: Env = process.env, mode: EnvCallbacksMode = 'strict'): Registration {
    return defaultCore().register(envEntries(env, mode));
  }

  /**
   * Asks once, with the LLM's own retries and fallbacks. What comes out is told apart by its `kind`;
   * with `output`, an answer that lacks the shape is sent back with what is wrong.
   *
   * @throws RegattaError `model/*`, `llm/*`, `output/invalid`, `guard/*`, `budget/*`; `run/cancelled` when
   * `signal` is aborted.
   * @example
   * const result = await llm.call('Name a boat.', { output: z.object({ name: z.string() }) });
   * if (result.kind === 'object') console.log(result.object.name);
   */
  async call<Output extends Schema | undefined = undefined>(
    input: CallInput,
    options: CallOptions<Output> = {},
  ): Promise<CallResult<Output>> {
    return this.#start(input, options, { hasHandle: false }).result;
  }

  /**
   * As `call`, in pieces while it is answered.
   *
   * @example
   * const stream = llm.stream('Tell of a race.');
   * for await (const part of stream) if (part.type === 'text') process.stdout.write(part.text);
   * const { usage } = await stream.result;
   */
  stream<Output extends Schema | undefined = undefined>(
    input: CallInput,
    options: Omit<CallOptions<Output>, 'stream'> = {},
  ): CallStream<Output> {
    // A reader may be slower than the model, and must not miss a piece: as many are kept as there are.
    return new CallStream<Output>(
      this.#start(input, { ...options, stream: true }, { bufferSize: Number.POSITIVE_INFINITY }),
    );
  }

  /** As `call`, with a handle: events while it goes on, usage, cancel. */
  start<Output extends Schema | undefined = undefined>(
    input: CallInput,
    options: CallOptions<Output> = {},
  ): Run<CallResult<Output>> {
    return this.#start(input, options);
  }

  #start<Output extends Schema | undefined>(
    input: CallInput,
    options: CallOptions<Output>,
    reading: Pick<StartOptions, 'bufferSize' | 'hasHandle'> = {},
  ): Run<CallResult<Output>> {
    const { callbacks, signal, stream, budget, runtime } = options;
    const core = runtime?.core ?? defaultCore();
    return core.start(callJob<Output>(this, createQuestion(input, options)), {
      on: 'here',
      scopes: [this.scope, toScope(callbacks, 'llm.call', (name) => openNamed(name, core.env))],
      signal,
      budget,
      ...(stream === undefined ? {} : { stream }),
      ...reading,
    });
  }
}

/** What users write as `llm`, as a definition. Undefined stays undefined: somebody else decides. */
export function toLlm(llm: LlmInput | undefined): LlmDefinition | undefined {
  if (llm === undefined || llm instanceof LLM) return llm;
  return new LLM({ model: llm });
}

function checkFallback(fallback: unknown): void {
  const problems = new Problems('The LLM');
  if (!Array.isArray(fallback)) {
    problems.add(
      'fallback',
      fallback,
      `fallback must be a list, got ${show(fallback)}. Write for example ["anthropic/claude-sonnet-5"].`,
    );
  }
  problems.throwIfAny();
}

function toFallback(input: LlmInput, settings: LlmSettings): LlmDefinition {
  if (input instanceof LLM) return input;
  const { apiKey, baseURL, headers, fetch, providerOptions, api, price, contextWindow, ...shared } = settings;
  return new LLM({ ...shared, model: input });
}
