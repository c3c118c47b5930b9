/**
 * Checks an answer against the shape it should have, and says what is wrong so that a model can mend it.
 *
 * JSON with a small fault (a comma too many, a missing brace, single quotes) is mended here: a question
 * back would cost a call.
 */
import type { Problem } from '../base/errors.ts';
import { extractJson, type JsonObject, parseJson } from '../base/json.ts';
import { type Contract, listProblems } from '../base/schema.ts';
import type { FinishReason } from '../protocol/event.ts';
import type { Message } from '../protocol/message.ts';
import { shapeRequest } from './shaped.ts';

export type Verdict<T = unknown> =
  | { readonly isValid: true; readonly value: T }
  | {
      readonly isValid: false;
      readonly problems: readonly Problem[];
      /** The problems as lines, for the model. */
      readonly lines: string;
    };

/** The JSON value in `text`, parsed by `contract`, or what is wrong with it. */
export async function checkAnswer<T>(
  text: string,
  contract: Contract<T>,
  finishReason: FinishReason = 'stop',
): Promise<Verdict<T>> {
  // Half an answer may fit the schema once it is mended, and would pass for a whole one.
  const isCut = finishReason === 'length';
  const json = extractJson(text) ?? (isCut ? undefined : await repairJson(text));
  if (json === undefined) {
    const message = isCut
      ? 'The answer was cut off at the limit of tokens. Give a shorter one.'
      : 'The answer holds no JSON value.';
    return reject([{ field: '', value: '', message }]);
  }
  const result = await contract.parse(json);
  return result.isValid ? result : reject(result.problems);
}

/** Said when an answer does not fit the schema. */
export function rejectionFeedback(lines: string, schema: JsonObject): Message {
  return Object.freeze({
    role: 'user',
    content: `Your answer does not match the required JSON Schema:\n${lines}\n\n${shapeRequest(schema, 'the whole answer again')}`,
  });
}

/** From the first bracket on: prose is no JSON, although a lenient reader takes it for a string. */
async function repairJson(text: string): Promise<ReturnType<typeof parseJson>> {
  const start = text.search(/[{[]/);
  if (start === -1) return undefined;
  const fenceEnd = text.lastIndexOf('```');
  const { jsonrepair } = await import('jsonrepair'); // for the few answers that need it
  try {
    return parseJson(jsonrepair(text.slice(start, fenceEnd > start ? fenceEnd : undefined)));
  } catch {
    return undefined; // it cannot be mended, which is an answer here
  }
}

function reject(problems: readonly Problem[]): Verdict<never> {
  return { isValid: false, problems, lines: listProblems(problems) };
}
