/** A whole answer of the AI SDK's specification as our reply. */
import { isJsonObject } from '../../base/json.ts';
import type { ModelReply } from '../../ports/model.ts';
import type { Source } from '../../protocol/message.ts';
import { toFinishReason } from './finish-reason.ts';
import type { ReadPart, ReplyPart } from './part-reader.ts';
import { citing, toSource } from './source.ts';
import type { SpecResult } from './specification.ts';
import { toUsage } from './usage.ts';

export function fromResult(
  { content, finishReason, usage, response }: SpecResult,
  readPart: ReadPart,
): ModelReply {
  const parts: ReplyPart[] = [];
  const sources: Source[] = [];
  for (const part of content) {
    const read = readPart(part);
    if (read) parts.push(read);
    const source = toSource(part);
    if (source) sources.push(source);
  }
  return {
    message: { role: 'assistant', content: parts },
    finishReason: toFinishReason(finishReason),
    usage: toUsage(usage),
    modelId: response?.modelId ?? modelVersionOf(response?.body),
    responseId: response?.id ?? null,
    ...citing(sources),
  };
}

/** Gemini names the model in a field that its package does not read. */
export function modelVersionOf(body: unknown): string | null {
  return isJsonObject(body) && typeof body.modelVersion === 'string' ? body.modelVersion : null;
}
