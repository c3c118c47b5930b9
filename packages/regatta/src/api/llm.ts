/** `LLM`: a model with settings. */

import { deepFreeze } from '../base/json.ts';
import { createContract, type Schema } from '../base/schema.ts';
import { callModel } from '../model/call-model.ts';
import { createLlmDefinition, type LlmSettings } from '../model/llm.ts';
import type { Registration } from '../observe/registry.ts';
import type { Job } from '../ports/engine.ts';
import type { LlmDefinition, ModelReply, ModelRequest, ModelSettings } from '../ports/model.ts';
import type { Env } from '../ports/provider.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Scope } from '../ports/scope.ts';
import type { Work } from '../ports/span.ts';
import type { Tool } from '../ports/tool.ts';
import { type Message, type ToolCallPart, textOf, toolCallsOf } from '../protocol/message.ts';
import type { UsageReport } from '../protocol/usage.ts';
import type { Run } from '../run/run.ts';
import { type Callback, toScope } from './callback.ts';
import { defaultCore, type RuntimeHolder, registerIn } from './core.ts';
import { type EnvCallbacksMode, envEntries, openNamed } from './integrations.ts';

export interface LlmOptions extends LlmSettings {
  /** Hear the calls of this LLM, wherever it is used. */
  readonly callbacks?: readonly Callback[];
}

/** What agents, crews and runtimes take as `llm`. */
export type LlmInput = string | LLM | object;

export interface CallOptions {
  /** Offered to the model; it is told of them, and nothing runs them. */
  readonly tools?: readonly Tool[];
  readonly toolChoice?: 'auto' | 'none' | 'required';
  /** The shape that the answer should have. */
  readonly output?: Schema;
  readonly signal?: AbortSignal;
  readonly callbacks?: readonly Callback[];
  /** Ask for the answer in pieces; they are `model.delta` events. @default false */
  readonly stream?: boolean;
  /** @default the process's */
  readonly runtime?: RuntimeHolder;
}

export interface CallResult extends ModelReply {
  readonly text: string;
  readonly toolCalls: readonly ToolCallPart[];
  readonly report: UsageReport;
}

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
  readonly scope: Scope;

  constructor({ callbacks, ...settings }: LlmOptions) {
    const definition = createLlmDefinition(settings, toScope(callbacks, `LLM "${String(settings.model)}"`));
    this.model = definition.model;
    this.settings = definition.settings;
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

  /** Asks once, with the LLM's own retries. @throws RegattaError `model/*` or `llm/*`. */
  async call(input: string | readonly Message[], options: CallOptions = {}): Promise<CallResult> {
    return await this.start(input, options).result;
  }

  /** As `call`, with a handle: events while it goes on, usage, cancel. */
  start(input: string | readonly Message[], options: CallOptions = {}): Run<CallResult> {
    const { tools = [], toolChoice = 'auto', output, callbacks, signal, stream = false, runtime } = options;
    const messages: readonly Message[] = deepFreeze(
      typeof input === 'string' ? [{ role: 'user', content: input }] : structuredClone(input),
    );
    const schema = output === undefined ? null : createContract(output, 'The output of llm.call').jsonSchema;
    const request = {
      messages,
      tools,
      toolChoice: tools.length > 0 ? toolChoice : 'none',
      output: schema === null ? null : { name: 'answer', schema },
    } as const;
    const core = runtime?.core ?? defaultCore();
    return core.start(callJob(this, request), {
      scopes: [this.scope, toScope(callbacks, 'llm.call', (name) => openNamed(name, core.env))],
      signal,
      stream,
    });
  }
}

function callJob(llm: LLM, request: Omit<ModelRequest, 'attempt'>): Job<CallResult> {
  return {
    name: 'llm.call',
    inputs: null,
    ref: null,
    start: (context) => callOnce(llm, request, context),
    entries: () => new Map(),
    revive: () => Promise.reject(new Error('A call has no ref, so it never leaves this thread.')),
  };
}

async function* callOnce(
  llm: LLM,
  request: Omit<ModelRequest, 'attempt'>,
  context: RunContext,
): Work<CallResult> {
  const model = context.resolveModel(llm, 'The call');
  const reply = yield* callModel(model, request, context.child('call'));
  const { message } = reply;
  return Object.freeze({
    ...reply,
    text: textOf(message),
    toolCalls: toolCallsOf(message),
    report: context.meter.report(),
  });
}

/** What users write as `llm`, as a definition. Undefined stays undefined: somebody else decides. */
export function toLlm(llm: LlmInput | undefined): LlmDefinition | undefined {
  if (llm === undefined || llm instanceof LLM) return llm;
  return new LLM({ model: llm });
}
