/** Checks a final answer against the shape it should have. */
import type { Problem } from '../base/errors.ts';
import { extractJson } from '../base/json.ts';
import { type Contract, listProblems } from '../base/schema.ts';

export type Verdict =
  | { readonly isValid: true; readonly value: unknown }
  | {
      readonly isValid: false;
      readonly problems: readonly Problem[];
      /** The problems as lines, for the model. */
      readonly lines: string;
    };

/** The JSON value in `text`, parsed by `contract`, or what is wrong with it. */
export async function checkAnswer(text: string, contract: Contract): Promise<Verdict> {
  const json = extractJson(text);
  if (json === undefined)
    return reject([{ field: '', value: '', message: 'The answer holds no JSON value.' }]);
  const result = await contract.parse(json);
  return result.isValid ? result : reject(result.problems);
}

function reject(problems: readonly Problem[]): Verdict {
  return { isValid: false, problems, lines: listProblems(problems) };
}
