/** What a guardrail says, checked: whatever is no verdict accepts nothing. */
import { RegattaError } from '../base/errors.ts';
import { deepFreeze, isJsonObject } from '../base/json.ts';
import { show } from '../base/problems.ts';
import type { Contract } from '../base/schema.ts';
import type { GuardrailVerdict } from './definition.ts';

const FORM = '{ accepted: true }, { accepted: true, text } or { accepted: false, feedback }';

/** @throws RegattaError `guardrail/failed` for what is no verdict. */
export function toVerdict(value: unknown, guardrail: string): GuardrailVerdict {
  const verdict = readVerdict(value);
  if (verdict !== undefined) return verdict;
  throw new RegattaError(
    'guardrail/failed',
    `Guardrail "${guardrail}" must give ${FORM}, and gave ${show(value)}. Correct what it returns.`,
    { guardrail },
  );
}

function readVerdict(value: unknown): GuardrailVerdict | undefined {
  if (!isJsonObject(value)) return undefined;
  const { accepted, text, feedback } = value;
  if (accepted === true) {
    if (text === undefined || text === null) return { accepted };
    return typeof text === 'string' ? { accepted, text } : undefined;
  }
  if (accepted !== false || typeof feedback !== 'string' || feedback.trim() === '') return undefined;
  return { accepted, feedback };
}

/** What a judging model answers with: it decides, and does not write. */
export const VERDICT: Contract<GuardrailVerdict> = Object.freeze({
  jsonSchema: deepFreeze({
    type: 'object',
    properties: {
      accepted: { type: 'boolean', description: 'Whether the answer meets the requirement.' },
      feedback: { type: 'string', description: 'What must change; empty if nothing must.' },
    },
    required: ['accepted', 'feedback'],
    additionalProperties: false,
  }),
  parse: async (value: unknown) => {
    const { accepted, feedback } = isJsonObject(value) ? value : {};
    const verdict = readVerdict({ accepted, feedback } as unknown);
    if (verdict !== undefined) return { isValid: true, value: verdict } as const;
    const message = 'must be { accepted: boolean, feedback: string }, with feedback if accepted is false';
    return { isValid: false, problems: [{ field: '', value: show(value), message }] } as const;
  },
});
