/** One look of one guardrail at one answer, as events: a start, a verdict or a failure, and one end. */
import { CancelScope } from '../base/abort.ts';
import { toErrorData } from '../base/error-data.ts';
import { isRegattaError, messageOf, RegattaError } from '../base/errors.ts';
import { toJson } from '../base/json.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { GuardrailCheck, GuardrailDefinition, GuardrailVerdict } from './definition.ts';
import type { Draft } from './draft.ts';
import { type Judge, judge } from './judge.ts';
import { toVerdict } from './verdict.ts';

export interface CheckOptions {
  readonly round: number;
  /** Undefined where no guardrail is a sentence. */
  readonly judge: Judge | undefined;
}

/** @throws RegattaError `guardrail/failed`; what ends the run, such as a budget, as it is; the signal's reason. */
export async function checkDraft(
  guardrail: GuardrailDefinition,
  draft: Draft,
  { round, judge: judging, context }: CheckOptions & { readonly context: RunContext },
): Promise<GuardrailVerdict> {
  const { name, check } = guardrail;
  const { text } = draft;
  await context.tell({ type: 'guardrail.start', guardrail: name, text });
  const ended = { type: 'guardrail.end', guardrail: name, feedback: null, text: null, error: null } as const;
  try {
    let verdict: GuardrailVerdict;
    if (typeof check === 'function') {
      const call = async () =>
        toJson(toVerdict(await callCheck(guardrail, draft, { check, round, context }), name));
      verdict = toVerdict(await context.step('guardrail', call), name);
    } else if (judging === undefined) throw new Error('There is no model to judge by.');
    else verdict = await judge(check, text, { ...judging, context });
    const { accepted } = verdict;
    const said = accepted ? { text: verdict.text ?? null } : { feedback: verdict.feedback };
    await context.tell({ ...ended, accepted, ...said });
    return verdict;
  } catch (thrown) {
    const error = toFailure(name, thrown, context.signal);
    await context.tell({ ...ended, accepted: null, error: toErrorData(error) });
    throw error;
  }
}

interface CheckCall {
  readonly check: GuardrailCheck;
  readonly round: number;
  readonly context: RunContext;
}

async function callCheck(
  { name, timeoutMs }: GuardrailDefinition,
  { text, parsed }: Draft,
  { check, round, context }: CheckCall,
): Promise<unknown> {
  const { runId, span, context: given } = context;
  const { task, agent } = span;
  const cancel = new CancelScope(context.signal, {
    timeoutMs,
    timeoutReason: () =>
      new RegattaError(
        'guardrail/failed',
        `Guardrail "${name}" did not decide within ${timeoutMs} ms, so nothing is accepted. Raise its timeoutMs, or make it faster.`,
        { guardrail: name },
      ),
    onOrphan: context.orphan,
  });
  const { signal } = cancel;
  const subject = Object.freeze({ text, parsed });
  try {
    const call = async () => await check(subject, { runId, task, agent, round, signal, context: given });
    return await cancel.race(context.enter(call));
  } finally {
    cancel.close();
  }
}

/** An outage says nothing about the answer: it is no verdict, and nothing is accepted because of it. */
function toFailure(guardrail: string, thrown: unknown, signal: AbortSignal): unknown {
  if (signal.aborted || isRegattaError(thrown, 'guardrail/failed')) return thrown;
  if (isRegattaError(thrown) && /^(budget|limit|run)\//.test(thrown.code)) return thrown;
  const message = `Guardrail "${guardrail}" failed, so nothing is accepted: ${messageOf(thrown)}`;
  return new RegattaError('guardrail/failed', message, { guardrail }, { cause: thrown });
}
