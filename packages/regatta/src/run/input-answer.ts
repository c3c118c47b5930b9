/** The forms that answers of people have, and what is said of one that has none of them. */
import { RegattaError } from '../base/errors.ts';
import { isJsonObject } from '../base/json.ts';
import { show } from '../base/problems.ts';
import type { InputKind } from '../protocol/input.ts';

const FORMS: Readonly<Record<InputKind, string>> = {
  review: '{ accepted: true } or { accepted: false, feedback }',
  approval: '{ approved: true } or { approved: false, reason }',
  question: '{ text }',
};

/** @throws RegattaError `input/invalid-answer`: no answer is read as a yes. */
export function checkInputAnswer(kind: InputKind, answer: unknown): void {
  if (isJsonObject(answer) && isAnswer(kind, answer)) return;
  throw new RegattaError(
    'input/invalid-answer',
    `The answer to ${kind === 'approval' ? 'an' : 'a'} ${kind} must be ${FORMS[kind]}, got ${show(answer)}. Correct it and answer again.`,
    { kind, answer: show(answer) },
  );
}

function isAnswer(kind: InputKind, answer: Readonly<Record<string, unknown>>): boolean {
  switch (kind) {
    case 'review':
      return answer.accepted === true || (answer.accepted === false && isText(answer.feedback));
    case 'approval':
      return answer.approved === true || (answer.approved === false && isText(answer.reason));
    case 'question':
      return typeof answer.text === 'string';
  }
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

export function unknownToken(runId: string, token: string): RegattaError {
  return new RegattaError(
    'input/unknown-token',
    `Run "${runId}" does not wait for input "${token}": it was answered before, or never asked. See run.pendingInputs for what it waits for.`,
    { runId, token },
  );
}

export function timeoutError(token: string, timeoutMs = 0): RegattaError {
  return new RegattaError(
    'input/timeout',
    `Nobody answered input "${token}" within ${timeoutMs} ms. Answer sooner, or raise its timeoutMs.`,
    { token, timeoutMs },
  );
}
