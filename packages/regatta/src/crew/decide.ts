/** Chooses among answers to one task: by a judge, by a vote, or by a function of the user. */
import { toErrorData } from '../base/error-data.ts';
import type { RunContext } from '../ports/run-context.ts';
import { type Decided, type Labelled, label } from './answers.ts';
import { decideByFunction } from './decide-function.ts';
import { judge } from './judge.ts';
import type { Finished, TaskWork } from './team.ts';
import { vote } from './vote.ts';

/** `answers` in the crew's order, at least one. */
export async function decide(
  work: TaskWork,
  answers: readonly Finished[],
  outer: RunContext,
): Promise<Finished> {
  const { team, key } = work;
  const context = outer.child(`${key}decision`);
  const { span } = context;
  // Recorded, for letters that a model has answered with must mean the same when that answer is read again.
  const seed = await context.step('letters', async () => span.id);
  const labelled = label(answers, seed);
  const candidates = Object.freeze(
    Object.fromEntries(labelled.map((one) => [one.label, one.answer.by.name])),
  );
  const by = typeof team.decide === 'string' ? team.decide : 'function';
  await context.tell({ type: 'decision.start', by, candidates });
  try {
    const { answer, ...decided } = await choose(work, labelled, context);
    await context.tell({ type: 'decision.end', ...decided, error: null });
    return answer;
  } catch (thrown) {
    const nothing = { winner: null, reason: null, tally: null };
    await context.tell({ type: 'decision.end', ...nothing, error: toErrorData(thrown) });
    throw thrown;
  }
}

function choose(work: TaskWork, labelled: readonly Labelled[], context: RunContext): Promise<Decided> {
  const { decide: by } = work.team;
  if (by === 'judge') return judge(work, labelled, context);
  return by === 'vote' ? vote(work, labelled, context) : decideByFunction(work, labelled, context);
}
