/**
 * Tools by which agents work for each other. The coworker's own loop runs inside the tool's span: it is
 * billed to the task and to the coworker, and ends with the run.
 */
import { toErrorData } from '../base/error-data.ts';
import { messageOf, RegattaError } from '../base/errors.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Tool } from '../ports/tool.ts';
import type { DelegationStart } from '../protocol/team-event.ts';
import { defineTool } from '../tool/define-tool.ts';
import {
  type DoMemberWork,
  delegatesOf,
  findMember,
  listMembers,
  type Member,
  open,
  type Team,
} from './team.ts';

export const DELEGATE_WORK = 'delegate_work';
export const ASK_QUESTION = 'ask_question';

interface Order {
  readonly kind: DelegationStart['kind'];
  readonly coworker: string;
  readonly instructions: string;
  readonly context: string;
}

/** For the last of `chain`, whose others have handed on the work that it does; none where it has nobody to ask. */
export function delegationTools(team: Team, chain: readonly Member[], work: DoMemberWork): readonly Tool[] {
  const own = chain.at(-1);
  const delegates = own === undefined ? [] : delegatesOf(team, own);
  if (delegates.length === 0) return [];
  const run = (order: Order, context: RunContext): Promise<string> =>
    delegate({ team, chain, delegates, work, order }, context);
  const coworkers = `Coworkers:\n${listMembers(delegates)}`;
  return [
    workTool(
      DELEGATE_WORK,
      `Hands a piece of work to a coworker and gives the result. ${coworkers}`,
      'task',
      run,
    ),
    workTool(ASK_QUESTION, `Asks a coworker a question and gives the answer. ${coworkers}`, 'question', run),
  ];
}

function workTool(
  name: string,
  description: string,
  what: 'task' | 'question',
  run: (order: Order, context: RunContext) => Promise<string>,
): Tool {
  const text = { type: 'string', minLength: 1 };
  const tool = defineTool({
    name,
    description,
    input: {
      type: 'object',
      properties: {
        coworker: { ...text, description: 'The role, as it is listed' },
        [what]: { ...text, description: 'All that is asked; the coworker sees nothing else' },
        context: { type: 'string', description: 'What the coworker must know: facts, results, limits' },
      },
      required: ['coworker', what, 'context'],
      additionalProperties: false,
    },
    execute: () => Promise.reject(new Error(`Tool "${name}" has work of its own.`)),
  });
  return Object.freeze({
    ...tool,
    work(args: unknown, context: RunContext) {
      const given = args as Readonly<Record<string, string>>; // by the schema
      const { coworker = '', [what]: instructions = '', context: facts = '' } = given;
      return run(
        { kind: what === 'task' ? 'work' : 'question', coworker, instructions, context: facts },
        context,
      );
    },
  });
}

interface Delegation {
  readonly team: Team;
  readonly chain: readonly Member[];
  readonly delegates: readonly Member[];
  readonly work: DoMemberWork;
  readonly order: Order;
}

async function delegate(
  { team, chain, delegates, work, order }: Delegation,
  context: RunContext,
): Promise<string> {
  const coworker = choose(order.coworker, { team, chain, delegates });
  const asker = chain.at(-1)?.name ?? '';
  const facts = order.context.trim() === '' ? '' : `\n\nContext from ${asker}:\n${order.context}`;
  const brief = {
    description: `${order.instructions}${facts}`,
    expectedOutput: `Your best complete answer to your coworker ${asker}, who sees nothing but it.`,
    context: [],
    schema: null,
  };
  const { tools } = coworker.definition;
  const handed = asDelegation(
    { coworker: coworker.name, kind: order.kind, instructions: order.instructions },
    context.child('delegation'),
    (inner) =>
      work(
        team,
        coworker,
        { place: 'agent', messages: open(coworker, brief), tools, contract: null, chain },
        inner,
      ),
  );
  try {
    return (await handed).text;
  } catch (error) {
    context.signal.throwIfAborted();
    throw failedError(coworker.name, error);
  }
}

/** One member's work for another as events: a start and one end. */
export async function asDelegation<T extends { readonly text: string }>(
  start: Omit<DelegationStart, 'type'>,
  context: RunContext,
  work: (context: RunContext) => Promise<T>,
): Promise<T> {
  const { coworker } = start;
  await context.tell({ type: 'delegation.start', ...start });
  try {
    const answer = await work(context);
    await context.tell({ type: 'delegation.end', coworker, text: answer.text, error: null });
    return answer;
  } catch (thrown) {
    await context.tell({ type: 'delegation.end', coworker, text: null, error: toErrorData(thrown) });
    throw thrown;
  }
}

/** @throws RegattaError `delegation/*`, before anything is asked of anybody. */
function choose(
  written: string,
  { team, chain, delegates }: Pick<Delegation, 'team' | 'chain' | 'delegates'>,
): Member {
  const { maxDelegationDepth } = team;
  const names = chain.map(({ name }) => name);
  const known = delegates.map(({ name }) => name);
  const above = findMember(chain, written);
  if (above !== undefined) {
    throw new RegattaError(
      'delegation/cycle',
      `"${above.name}" waits for this answer already: ${names.join(' → ')}. Do it yourself, or ask another of: ${known.join(', ')}.`,
      { coworker: above.name, chain: names },
    );
  }
  const coworker = findMember(delegates, written);
  if (coworker === undefined) {
    throw new RegattaError(
      'delegation/unknown-coworker',
      `There is no coworker "${written}" whom you may ask. Name one of: ${known.join(', ')}.`,
      { coworker: written, known },
    );
  }
  if (chain.length > maxDelegationDepth) {
    throw new RegattaError(
      'delegation/too-deep',
      `This work was handed on ${chain.length - 1} times already, and ${maxDelegationDepth} is the limit: ${names.join(' → ')}. Do it yourself.`,
      { chain: names, maxDelegationDepth },
    );
  }
  return coworker;
}

function failedError(coworker: string, error: unknown): RegattaError {
  return new RegattaError(
    'delegation/failed',
    `Coworker "${coworker}" failed: ${messageOf(error)} Do it yourself, or ask somebody else.`,
    { coworker, code: toErrorData(error).code },
    { cause: error },
  );
}
