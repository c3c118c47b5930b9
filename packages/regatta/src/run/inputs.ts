/** What a run waits for people to say: each request has a token, and one answer. */
import { CancelScope } from '../base/abort.ts';
import { toErrorData } from '../base/error-data.ts';
import { RegattaError } from '../base/errors.ts';
import { isJsonObject } from '../base/json.ts';
import { show } from '../base/problems.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Work } from '../ports/span.ts';
import type { InputAnswer, InputAnswers, InputKind, InputRequest, PendingInput } from '../protocol/input.ts';

interface Waiting {
  readonly request: PendingInput;
  readonly resolve: (answer: InputAnswer) => void;
}

export class Inputs {
  readonly #runId: string;
  readonly #waiting = new Map<string, Waiting>();

  constructor(runId: string) {
    this.#runId = runId;
  }

  get pending(): readonly PendingInput[] {
    return Array.from(this.#waiting.values(), ({ request }) => request);
  }

  /** @throws RegattaError `input/unknown-token` or `input/invalid-answer`. */
  respond(token: string, answer: InputAnswer): void {
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) {
      throw new RegattaError(
        'input/unknown-token',
        `Run "${this.#runId}" does not wait for input "${token}": it was answered before, or never asked. See run.pendingInputs for what it waits for.`,
        { runId: this.#runId, token },
      );
    }
    checkInputAnswer(waiting.request.kind, answer);
    this.#waiting.delete(token); // before anything else happens: the first answer is the only one
    waiting.resolve(answer);
  }

  async *ask<Kind extends InputKind>(
    { timeoutMs, ...request }: InputRequest<Kind>,
    context: RunContext,
  ): Work<InputAnswers[Kind]> {
    const { span, orphan } = context;
    const { id: token, task, agent } = span;
    const answered = Promise.withResolvers<InputAnswer>();
    // It waits before anybody can hear of it, so that no answer is too early.
    const pending = Object.freeze({ ...request, runId: this.#runId, token, task, agent });
    this.#waiting.set(token, { request: pending, resolve: answered.resolve });
    const cancel = new CancelScope(context.signal, {
      timeoutMs,
      timeoutReason: () => timeoutError(token, timeoutMs),
      onOrphan: orphan,
    });
    try {
      yield { span, body: { type: 'input.start', token, ...request } };
      const answer = await cancel.race(context.step('input', () => answered.promise));
      yield { span, body: { type: 'input.end', token, answer, error: null } };
      return answer as InputAnswers[Kind]; // checked by `respond`, by the kind of the request
    } catch (thrown) {
      yield { span, body: { type: 'input.end', token, answer: null, error: toErrorData(thrown) } };
      throw thrown;
    } finally {
      cancel.close();
      this.#waiting.delete(token);
    }
  }
}

function timeoutError(token: string, timeoutMs = 0): RegattaError {
  return new RegattaError(
    'input/timeout',
    `Nobody answered input "${token}" within ${timeoutMs} ms. Answer sooner, or raise its timeoutMs.`,
    { token, timeoutMs },
  );
}

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
    `The answer to a ${kind} must be ${FORMS[kind]}, got ${show(answer)}. Correct it and answer again.`,
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
