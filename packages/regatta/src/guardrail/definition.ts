/** Guardrails as data: who looks at a finished answer before it counts. */
import type { Problems } from '../base/problems.ts';

/** What a guardrail looks at. */
export interface GuardrailSubject<Parsed = unknown> {
  /** The answer as text. */
  readonly text: string;
  /** The answer by the output schema; undefined without one. */
  readonly parsed: Parsed;
}

/** Where in which run. */
export interface GuardrailContext {
  readonly runId: string;
  readonly task: string | null;
  readonly agent: string | null;
  /** Looks since the task was begun, or since a person sent the answer back: counts from 1. */
  readonly round: number;
  /** Aborted when the run is cancelled or the guardrail's time is up. */
  readonly signal: AbortSignal;
  /** What was given as `kickoff({ context })`. */
  readonly context: unknown;
}

/** `text` is used in place of the answer; `feedback` is what the agent is told. */
export type GuardrailVerdict =
  | { readonly accepted: true; readonly text?: string | undefined }
  | { readonly accepted: false; readonly feedback: string };

/** What it throws is a failure of the guardrail and ends the task: it is no verdict. */
export type GuardrailCheck<Parsed = unknown> = (
  answer: GuardrailSubject<Parsed>,
  context: GuardrailContext,
) => GuardrailVerdict | Promise<GuardrailVerdict>;

export interface GuardrailOptions<Parsed = unknown> {
  /** Its name in events and errors. @default the function's, or `guardrail-1`, … by its place */
  readonly name?: string;
  /** A function, or a sentence that a model judges the answer by. */
  readonly check: GuardrailCheck<Parsed> | string;
  /** Milliseconds for one check by a function. @default 60000 */
  readonly timeoutMs?: number;
}

/** A function, a sentence, or either with options. */
export type Guardrail<Parsed = unknown> = GuardrailCheck<Parsed> | string | GuardrailOptions<Parsed>;

export interface GuardrailDefinition {
  readonly name: string;
  readonly check: GuardrailCheck | string;
  readonly timeoutMs: number;
}

/** Answers that may be sent back: crewAI's. */
export const GUARDRAIL_MAX_RETRIES = 3;
/** A check that asks a service, or a model, decides in a minute, or not at all. */
const GUARDRAIL_TIMEOUT_MS = 60_000;

export function toGuardrails(given: readonly Guardrail<never>[] = []): readonly GuardrailDefinition[] {
  return Object.freeze(
    given.map((guardrail, index) => {
      const isBare = typeof guardrail === 'string' || typeof guardrail === 'function';
      const options: GuardrailOptions<never> = isBare ? { check: guardrail } : (guardrail ?? {});
      const { check, name, timeoutMs = GUARDRAIL_TIMEOUT_MS } = options;
      const ownName = typeof check === 'function' && check.name !== '' && check.name !== 'check';
      return Object.freeze({
        name: name ?? (ownName ? check.name : `guardrail-${index + 1}`),
        check: check as GuardrailDefinition['check'], // it gets what the task's own schema parsed
        timeoutMs,
      });
    }),
  );
}

export function checkGuardrails(problems: Problems, guardrails: readonly GuardrailDefinition[]): void {
  const names = new Set<string>();
  for (const [index, { name, check, timeoutMs }] of guardrails.entries()) {
    const field = `guardrails[${index}]`;
    problems.text(`${field}.name`, name);
    problems.duration(`${field}.timeoutMs`, timeoutMs);
    if (names.has(name)) {
      problems.add(
        `${field}.name`,
        name,
        `${field} is a second guardrail called "${name}". Give one of them another name.`,
      );
    }
    names.add(name);
    if (typeof check === 'function' || (typeof check === 'string' && check.trim() !== '')) continue;
    problems.add(
      field,
      check,
      `${field} is no guardrail. Give a function of (answer, context), or a sentence that a model judges by.`,
    );
  }
}
