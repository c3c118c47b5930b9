/**
 * Guardrails around an answer: all look at it at once, and it counts once all accept the same text.
 *
 * What is sent back is told all that is wrong, in the same conversation, and looked at by all again.
 * Knows nothing of tasks: whoever has a draft, and a way to another one, may use it.
 */
import { untilAborted } from '../base/abort.ts';
import { RegattaError } from '../base/errors.ts';
import type { Contract } from '../base/schema.ts';
import { checkAnswer } from '../model/answer.ts';
import type { RunContext } from '../ports/run-context.ts';
import { checkDraft } from './check.ts';
import type { GuardrailDefinition, GuardrailVerdict } from './definition.ts';
import type { Draft, Redraft } from './draft.ts';
import type { Judge } from './judge.ts';

export interface GuardrailsOptions {
  readonly guardrails: readonly GuardrailDefinition[];
  /** Answers that may be sent back. */
  readonly maxRetries: number;
  /** The shape that a replaced text must have, too; null = free text. */
  readonly contract: Contract | null;
  readonly judge: Judge | undefined;
  readonly redraft: Redraft;
  /** Who answers: for errors. */
  readonly agent: string;
  /** Stands before the names of the spans; unique in the context. */
  readonly key: string;
}

/** Times that one guardrail may replace one answer: two that undo each other would never end. */
const MAX_REPLACEMENTS = 3;

/**
 * Gives a draft that every guardrail accepts.
 *
 * @throws RegattaError `guardrail/rejected` with the last feedback and text, or `guardrail/failed`.
 */
export async function applyGuardrails(
  first: Draft,
  options: GuardrailsOptions,
  context: RunContext,
): Promise<Draft> {
  const { guardrails, maxRetries, redraft, agent } = options;
  let draft = first;
  let replacements = new Map<GuardrailDefinition, number>();
  /** Has accepted this text by having written it. */
  let author: GuardrailDefinition | undefined;
  let retries = 0;
  for (let round = 1; guardrails.length > 0; round++) {
    const asked = guardrails.filter((guardrail) => guardrail !== author);
    const verdicts = await checkAll(asked, draft, { ...options, round }, context);
    const feedback = feedbackOf(verdicts);
    if (feedback !== '') {
      if (retries === maxRetries)
        throw rejectedError(agent, { feedback, text: draft.text, tries: retries + 1 });
      retries++;
      draft = await redraft(draft, feedback);
      author = undefined;
      replacements = new Map();
      continue;
    }
    const { text } = draft;
    const at = verdicts.findIndex((verdict) => verdict.accepted && (verdict.text ?? text) !== text);
    const verdict = verdicts[at];
    if (verdict?.accepted !== true || verdict.text === undefined) return draft;
    author = asked[at] as GuardrailDefinition; // one verdict for each that was asked
    const count = (replacements.get(author) ?? 0) + 1;
    replacements.set(author, count);
    if (count > MAX_REPLACEMENTS) throw neverAgreed(author.name);
    draft = { ...draft, ...(await replaced(author.name, verdict.text, options, context)) };
  }
  return draft;
}

/** In the order of the guardrails. @throws the first failure in that order, after all have ended. */
async function checkAll(
  guardrails: readonly GuardrailDefinition[],
  draft: Draft,
  { guardrails: all, key, round, judge, agent }: GuardrailsOptions & { readonly round: number },
  context: RunContext,
): Promise<readonly GuardrailVerdict[]> {
  const checks = guardrails.map((guardrail) => {
    const place = `${key}round-${round}/guardrail-${all.indexOf(guardrail)}`;
    const child = context.child(place, { agent });
    return checkDraft(guardrail, draft, { round, judge, context: child });
  });
  await Promise.allSettled(checks);
  return await Promise.all(checks); // all have settled: the first failure in their order is thrown
}

function feedbackOf(verdicts: readonly GuardrailVerdict[]): string {
  return verdicts.flatMap((verdict) => (verdict.accepted ? [] : [`- ${verdict.feedback}`])).join('\n');
}

/** The replaced text by the output schema. */
async function replaced(
  guardrail: string,
  text: string,
  { contract }: GuardrailsOptions,
  { signal, orphan }: RunContext,
): Promise<Pick<Draft, 'text' | 'parsed'>> {
  if (contract === null) return { text, parsed: undefined };
  const verdict = await untilAborted(checkAnswer(text, contract), signal, orphan);
  if (verdict.isValid) return { text, parsed: verdict.value };
  throw new RegattaError(
    'guardrail/failed',
    `Guardrail "${guardrail}" replaced the answer by a text that does not match the output schema. Correct what it returns.\n${verdict.lines}`,
    { guardrail },
  );
}

function rejectedError(
  agent: string,
  { feedback, text, tries }: { readonly feedback: string; readonly text: string; readonly tries: number },
): RegattaError {
  return new RegattaError(
    'guardrail/rejected',
    `The guardrails accepted none of ${tries} ${tries === 1 ? 'answer' : 'answers'} of agent "${agent}". Change the task or the guardrails, name a stronger model, or raise guardrailMaxRetries.\n${feedback}`,
    { agent, feedback, text },
  );
}

function neverAgreed(guardrail: string): RegattaError {
  return new RegattaError(
    'guardrail/failed',
    `Guardrail "${guardrail}" replaced one answer more than ${MAX_REPLACEMENTS} times, since another one changes it back. Let one of them give feedback instead.`,
    { guardrail },
  );
}
