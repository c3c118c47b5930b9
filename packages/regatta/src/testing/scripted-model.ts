/** A model that answers from a script, in order: what a test says, and nothing else. */
import { toJson } from '../base/json.ts';
import type { CallContext } from '../ports/call-context.ts';
import type { Model, ModelReply, ModelRequest } from '../ports/model.ts';
import type { AssistantMessage, ToolCallPart } from '../protocol/message.ts';
import type { Price, Usage } from '../protocol/usage.ts';

/** An answer: text, tool calls, or an error to throw. */
export interface Scripted {
  readonly text?: string;
  /** Calls by tool name; ids are made up from their place. */
  readonly toolCalls?: readonly { readonly tool: string; readonly args: unknown; readonly callId?: string }[];
  readonly finishReason?: ModelReply['finishReason'];
  readonly usage?: Partial<Usage>;
  /** Thrown instead of an answer; what was given as `text` is streamed before it. */
  readonly error?: unknown;
}

/** A text, an answer, or a function of the request that gives one. */
export type ScriptStep =
  | string
  | Scripted
  | ((request: ModelRequest, context: CallContext) => string | Scripted | Promise<string | Scripted>);

export interface ScriptedModel extends Model {
  /** Every request so far, in the order in which they came. */
  readonly requests: readonly ModelRequest[];
}

export interface ScriptedModelOptions {
  /** @default 'scripted/model' */
  readonly id?: string;
  readonly price?: Price;
  /** Begin again at the first step when the script is over. @default false */
  readonly loop?: boolean;
}

/** Tokens that an answer costs unless the script says otherwise. */
const USAGE: Usage = {
  inputTokens: 10,
  outputTokens: 5,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};

/** @throws Error, in the call, once the script is over. */
export function scriptedModel(
  script: readonly ScriptStep[],
  { id = 'scripted/model', price, loop = false }: ScriptedModelOptions = {},
): ScriptedModel {
  const requests: ModelRequest[] = [];
  return Object.freeze({
    id,
    price,
    requests,
    async call(request, context, tell) {
      const index = requests.push(request) - 1;
      const step = script[loop ? index % script.length : index];
      if (step === undefined)
        throw new Error(`The script has ${script.length} steps, and call ${index + 1} came.`);
      const given = typeof step === 'function' ? await step(request, context) : step;
      const answer = typeof given === 'string' ? { text: given } : given;
      if (context.wantsDeltas) {
        for (const piece of answer.text?.match(/\S+\s*/g) ?? []) {
          context.signal.throwIfAborted();
          await tell({ type: 'delta', kind: 'text', text: piece, tool: null });
        }
      }
      if (answer.error !== undefined) throw answer.error;
      return toReply(answer, id);
    },
  } satisfies ScriptedModel);
}

function toReply({ text, toolCalls = [], finishReason, usage }: Scripted, id: string): ModelReply {
  const calls = toolCalls.map(
    ({ tool, args, callId }, index): ToolCallPart => ({
      type: 'tool-call',
      callId: callId ?? `call-${index}`,
      tool,
      args: toJson(args),
    }),
  );
  const message: AssistantMessage = {
    role: 'assistant',
    content: [...(text === undefined ? [] : [{ type: 'text', text } as const]), ...calls],
  };
  return {
    message,
    finishReason: finishReason ?? (calls.length > 0 ? 'tool-calls' : 'stop'),
    usage: { ...USAGE, ...usage },
    modelId: id,
    responseId: null,
  };
}
