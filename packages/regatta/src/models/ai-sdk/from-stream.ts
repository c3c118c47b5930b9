/**
 * A streamed answer of the AI SDK's specification: pieces while it is written, then our reply.
 *
 * A stream that fails, or ends before the model said that it was finished, gives no reply: half an
 * answer must not pass for a whole one.
 */
import type { ModelReply, TellNews } from '../../ports/model.ts';
import type { ReadPart } from './part-reader.ts';
import type { SpecStreamPart } from './specification.ts';
import { StreamAnswer } from './stream-answer.ts';

/**
 * `signal` cancels the stream, and with it the request.
 *
 * @throws IncompleteAnswer, or whatever the stream reports as its error.
 */
export async function fromStream(
  stream: ReadableStream<SpecStreamPart>,
  readPart: ReadPart,
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: TellNews },
): Promise<ModelReply> {
  const answer = new StreamAnswer(readPart);
  const reader = stream.getReader();
  // The cause is reported by whoever reads; that cancelling fails as well tells nothing new.
  const cancel = (): void => void reader.cancel(signal.reason).catch(() => undefined);
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  try {
    for (;;) {
      const { done, value: part } = await reader.read();
      if (done) break;
      const event = answer.add(part);
      if (event) await tell(event);
    }
    signal.throwIfAborted(); // a cancelled stream ends as if it were complete
    return answer.finish();
  } finally {
    signal.removeEventListener('abort', cancel);
    cancel(); // frees the connection of a stream left early; a stream that ended feels nothing
  }
}
