/** A manager picks one of several answers, or makes one of them. */
import { structured } from '../agent/structured.ts';
import type { JsonObject } from '../base/json.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Message } from '../protocol/message.ts';
import type { Decided, Labelled } from './answers.ts';
import { listAnswers } from './answers.ts';
import { doMemberWork, question } from './member-work.ts';
import { memberOf, open, type TaskWork } from './team.ts';

interface Judgement {
  readonly choice: string;
  readonly reason: string;
}

/** In place of a letter. */
const MERGE = 'merge';

/** @throws what the judge throws. */
export async function judge(
  { team, task, brief, contract }: TaskWork,
  labelled: readonly Labelled[],
  context: RunContext,
): Promise<Decided> {
  const by = memberOf(team, task.agent);
  const labels = labelled.map(({ label }) => label);
  const shape = structured<Judgement>(judgementSchema(labels), 'A judgement');
  const told = `Several answers to the task were given:\n\n${listAnswers(labelled)}`;
  const text = `${told}\n\nChoose the letter of the best one, or "${MERGE}" if one that is made of several would be clearly better than each. Give the reason in a sentence or two.`;
  const opening = open(by, { ...brief, schema: null });
  const asked = { messages: [...opening, question(text, shape)], tools: [], contract: shape, chain: [] };
  const { parsed } = await doMemberWork(team, by, { place: 'judge', ...asked }, context);
  const { choice, reason } = parsed as Judgement; // by its shape
  const chosen = labelled.find(({ label }) => label === choice);
  if (chosen !== undefined) return { answer: chosen.answer, winner: choice, reason, tally: null };
  const request: Message = Object.freeze({
    role: 'user',
    content: `${told}\n\nGive one final answer to the task, made of the best of these: ${reason}`,
  });
  const messages = [...open(by, brief), request];
  const answer = await doMemberWork(
    team,
    by,
    { place: 'merge', messages, tools: [], contract, chain: [] },
    context,
  );
  return { answer: { ...answer, by }, winner: null, reason, tally: null };
}

function judgementSchema(labels: readonly string[]): JsonObject {
  return {
    type: 'object',
    properties: { choice: { enum: [...labels, MERGE] }, reason: { type: 'string', minLength: 1 } },
    required: ['choice', 'reason'],
    additionalProperties: false,
  };
}
