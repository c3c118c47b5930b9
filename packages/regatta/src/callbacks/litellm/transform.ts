/**
 * LiteLLM's `loggingHook` as a transform of events.
 *
 * A hook masks what the callbacks of its scope see; it is no observer. It works on messages and
 * answers in OpenAI's form. What it leaves as it was stays as it was; what it changes is rebuilt from
 * what it returned, so nothing that it took away can come back from elsewhere.
 */
import { RegattaError } from '../../base/errors.ts';
import { deepFreeze, isJsonObject, type Json, parseJson, stableStringify, toJson } from '../../base/json.ts';
import type { RunEvent } from '../../protocol/event.ts';
import type { AssistantMessage, Message } from '../../protocol/message.ts';
import { methodOf } from './callback.ts';
import { type CallKwargs, preCallKwargs, successKwargs } from './kwargs.ts';
import { toModelResponse } from './model-response.ts';
import { type EventOf, type OpenCall, OpenCalls } from './open-calls.ts';
import { toOpenAIMessage } from './openai-message.ts';

const SYNC = ['loggingHook', 'logging_hook'];
const ASYNC = ['asyncLoggingHook', 'async_logging_hook'];
const CALL_TYPE = 'acompletion';

/** Whether `object` changes what callbacks see. Then `transformOf` must be applied to its scope's events. */
export function hasTransform(object: object): boolean {
  return methodOf(object, [...SYNC, ...ASYNC]) !== undefined;
}

/**
 * The hook as a function from an event to what is shown of it, called once for each event, in order.
 * It changes `model.start` (messages) and `model.end` (the answer). Pieces of answers lose their
 * text, which no hook can judge; every other event comes back as it is, texts included. It throws
 * what the hook throws: then the event must not be shown.
 *
 * @throws RegattaError `definition/invalid` for an object that has only the async hook.
 */
export function transformOf(object: object): ((event: RunEvent) => RunEvent) | undefined {
  const hook = methodOf(object, SYNC);
  if (hook === undefined) {
    if (hasTransform(object)) throw asyncHook(object);
    return undefined;
  }
  const calls = new OpenCalls();
  return (event) => {
    switch (event.type) {
      case 'model.start':
        return maskStart(hook, event, calls.open(event));
      case 'model.delta':
        return Object.freeze({ ...event, text: '' });
      case 'model.end':
        return maskEnd(hook, event, calls.close(event));
      default:
        return event;
    }
  };
}

type Hook = (...args: readonly unknown[]) => unknown;

function maskStart(hook: Hook, event: EventOf<'model.start'>, call: OpenCall): RunEvent {
  const [kwargs] = callHook(hook, preCallKwargs(call), null);
  const shown = Array.isArray(kwargs.messages) ? kwargs.messages : [];
  const messages = shown.map((wire, index) => mergeMessage(event.messages[index], wire));
  return Object.freeze({ ...event, messages: Object.freeze(messages) });
}

function maskEnd(hook: Hook, event: EventOf<'model.end'>, call: OpenCall): RunEvent {
  const { message, finishReason, costUsd, time, saved } = event;
  if (message === null) return event;
  const usage = saved?.usage ?? event.usage;
  const response = toModelResponse({ ...call, time }, { message, finishReason, usage });
  const kwargs = successKwargs(call, { endedAt: time, response, costUsd, saved }, 'successful_api_call');
  const [, result] = callHook(hook, kwargs, response);
  const shown = mergeMessage(message, firstMessageOf(result));
  return Object.freeze({ ...event, message: shown.role === 'assistant' ? shown : EMPTY_ANSWER });
}

const EMPTY_ANSWER: AssistantMessage = deepFreeze({ role: 'assistant', content: [] });

/** Hands over copies, since hooks are used to change what they get. No pair returned = the copies, as left. */
function callHook(
  hook: Hook,
  kwargs: CallKwargs,
  result: unknown,
): readonly [Record<string, unknown>, unknown] {
  const copies = [structuredClone({ ...kwargs }), structuredClone(result)] as const;
  const returned = hook(...copies, CALL_TYPE);
  const [shown, answer] = Array.isArray(returned) ? returned : copies;
  return [isRecord(shown) ? shown : {}, answer];
}

/** The message as it was if the hook left it so, else one made of what the hook gave. */
function mergeMessage(original: Message | undefined, wire: unknown): Message {
  const shown = toJson(wire);
  if (original !== undefined && stableStringify(toJson(toOpenAIMessage(original))) === canonical(shown)) {
    return original;
  }
  return deepFreeze(toMessage(shown, original));
}

/** A response's message says more than a message of a request: keys that say nothing do not count. */
function canonical(shown: Json): string {
  if (!isJsonObject(shown)) return stableStringify(shown);
  const { function_call: _, ...rest } = shown;
  return stableStringify(
    Object.fromEntries(Object.entries(rest).filter(([key, value]) => key === 'content' || value !== null)),
  );
}

function toMessage(shown: Json, original: Message | undefined): Message {
  const { role, content, tool_calls, tool_call_id, reasoning_content } = isJsonObject(shown) ? shown : {};
  const text = textIn(content ?? null);
  if (role === 'system' || role === 'user') return { role, content: text };
  if (role === 'tool') {
    // OpenAI's form has neither the tool's name nor whether it failed: the hook cannot have hidden them.
    const { tool, isError } = original?.role === 'tool' ? original : { tool: '', isError: false };
    return { role, callId: String(tool_call_id ?? ''), tool, content: text, isError };
  }
  return {
    role: 'assistant',
    content: [
      ...(typeof reasoning_content === 'string'
        ? [{ type: 'reasoning', text: reasoning_content } as const]
        : []),
      ...(text === '' ? [] : [{ type: 'text', text } as const]),
      ...(Array.isArray(tool_calls) ? tool_calls.map(toCallPart) : []),
    ],
  };
}

function toCallPart(call: Json) {
  const { id, function: named } = isJsonObject(call) ? call : {};
  const { name, arguments: text } = isJsonObject(named) ? named : {};
  const args = parseJson(String(text ?? '')) ?? null;
  return { type: 'tool-call', callId: String(id ?? ''), tool: String(name ?? ''), args } as const;
}

/** All text of a content, joined. Pictures and files of a changed message are not shown. */
function textIn(content: Json): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part) => (isJsonObject(part) && typeof part.text === 'string' ? part.text : ''))
    .join('');
}

function firstMessageOf(result: unknown): unknown {
  const choices = isRecord(result) ? result.choices : undefined;
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined;
  return isRecord(choice) ? choice.message : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function asyncHook(object: object): RegattaError {
  const { name } = object.constructor;
  const message = `${name} has an asyncLoggingHook, and events are changed before anybody sees them, without waiting. Give it a loggingHook instead.`;
  return new RegattaError('definition/invalid', message, {
    subject: name,
    problems: [{ field: 'asyncLoggingHook', value: 'function', message }],
  });
}
