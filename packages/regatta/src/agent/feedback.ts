/** What an agent is told of a draft of its own that was not accepted. */
import { redraftRequest } from '../context/prompt.ts';
import type { Draft } from '../guardrail/draft.ts';
import { type Message, textOf } from '../protocol/message.ts';

/** A guardrail may have replaced the text that the conversation ends with: then it is told that one, too. */
export function feedbackOn({ text, messages }: Draft, feedback: string): Message {
  const last = messages.at(-1);
  const said = last?.role === 'assistant' ? textOf(last) : '';
  return redraftRequest(feedback, said === text ? null : text);
}
