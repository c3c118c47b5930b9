/**
 * Chooses by counting. Typed answers vote by themselves: equal ones are one candidate. Texts are put to
 * the agents who answered, under letters. Of a tie, the candidate of the agent that the crew lists first wins.
 */
import type { AgentAnswer } from '../agent/loop.ts';
import { structured } from '../agent/structured.ts';
import { stableStringify, toJsonOr } from '../base/json.ts';
import { settleAll } from '../base/settle-all.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Decided, Labelled } from './answers.ts';
import { listAnswers } from './answers.ts';
import { doMemberWork, question } from './member-work.ts';
import { open, type TaskWork } from './team.ts';

/** Ballots on one task at once: as tool calls of one turn. */
const BALLOT_CONCURRENCY = 8;

interface Ballot {
  readonly vote: string;
}

/** `labelled` in the crew's order. @throws the first error, in that order, where every ballot failed. */
export async function vote(
  work: TaskWork,
  labelled: readonly Labelled[],
  context: RunContext,
): Promise<Decided> {
  if (work.contract !== null) return byEquality(labelled);
  const [only] = labelled;
  if (labelled.length === 1 && only !== undefined) {
    return { ...count(labelled, [only.label]), reason: 'It is the only answer.' };
  }
  const ballots = await collect(work, labelled, context);
  const winner = count(labelled, ballots);
  return { ...winner, reason: `${winner.tally?.[winner.winner ?? '']} of ${ballots.length} votes.` };
}

/** Equal answers stand together; the first of them stands for all. */
function byEquality(labelled: readonly Labelled[]): Decided {
  const first = new Map<string, string>();
  const votes = labelled.map(({ label, answer }) => {
    const value = stableStringify(toJsonOr(answer.parsed, answer.text));
    const stands = first.get(value) ?? label;
    first.set(value, stands);
    return stands;
  });
  const counted = count(labelled, votes);
  const reason = `${counted.tally?.[counted.winner ?? '']} of ${votes.length} answers are equal to it.`;
  return { ...counted, reason };
}

function count(
  labelled: readonly Labelled[],
  votes: readonly string[],
): Omit<Decided, 'reason'> & { reason: null } {
  const tally: Record<string, number> = {};
  for (const { label } of labelled) {
    const number = votes.filter((one) => one === label).length;
    if (number > 0) tally[label] = number;
  }
  const most = Math.max(...Object.values(tally));
  const won = labelled.find(({ label }) => tally[label] === most) as Labelled; // somebody has the most
  return { answer: won.answer, winner: won.label, tally: Object.freeze(tally), reason: null };
}

/** One ballot of each agent who answered, all at once. A ballot that fails is an abstention. */
async function collect(
  { team, brief }: TaskWork,
  labelled: readonly Labelled[],
  context: RunContext,
): Promise<readonly string[]> {
  const labels = labelled.map(({ label }) => label).sort();
  const shape = structured<Ballot>(
    {
      type: 'object',
      properties: { vote: { enum: labels }, reason: { type: 'string' } },
      required: ['vote', 'reason'],
      additionalProperties: false,
    },
    'A ballot',
  );
  const text = `Several answers to the task were given:\n\n${listAnswers(labelled)}\n\nVote for the letter of the best one, whoever gave it.`;
  const { signal } = context;
  const cast = ({ answer: { by } }: Labelled, index: number): Promise<AgentAnswer> => {
    const messages = [...open(by, { ...brief, schema: null }), question(text, shape)];
    const asked = { place: `ballot-${index + 1}`, messages, tools: [], contract: shape, chain: [] };
    return doMemberWork(team, by, asked, context);
  };
  const ends = await settleAll(labelled, cast, { limit: BALLOT_CONCURRENCY, signal });
  signal.throwIfAborted();
  const ballots = ends.flatMap((ended) =>
    ended.status === 'fulfilled' ? [(ended.value.parsed as Ballot).vote] : [],
  ); // by its shape
  const failed = ends.find(({ status }) => status === 'rejected');
  if (ballots.length === 0 && failed?.status === 'rejected') throw failed.reason;
  return ballots;
}
