/** The user's own way to choose among answers. */
import { RegattaError } from '../base/errors.ts';
import { show } from '../base/problems.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Decided, Labelled } from './answers.ts';
import { callHook } from './call-hook.ts';
import type { TaskWork } from './team.ts';

/** Recorded: a run that is repeated does not ask again. @throws RegattaError `consensus/bad-decision` or `hook/*`. */
export async function decideByFunction(
  { team, task }: TaskWork,
  labelled: readonly Labelled[],
  context: RunContext,
): Promise<Decided> {
  const { decide } = team;
  const candidates = Object.freeze(
    labelled.map(({ answer }) =>
      Object.freeze({ agent: answer.by.name, text: answer.text, parsed: answer.parsed }),
    ),
  );
  const facts = { runId: context.runId, task: task.id, signal: context.signal };
  const call = async (): Promise<number> =>
    typeof decide === 'function'
      ? await callHook(`decide of task "${task.id}"`, () => decide(candidates, facts), context)
      : 0;
  const index = await context.step('decide', call);
  const chosen = labelled[index];
  if (chosen !== undefined) return { answer: chosen.answer, winner: chosen.label, reason: null, tally: null };
  throw new RegattaError(
    'consensus/bad-decision',
    `decide gave ${show(index)} for task "${task.id}", which has ${labelled.length} answers. Return the place of one of them, from 0.`,
    { task: task.id, decision: show(index) },
  );
}
