/**
 * Works by a plan: plan, do the steps that are ready at once, look at what they gave, plan anew where
 * that is needed, and make one answer of it all. Every bound is a number of the definition's.
 *
 * A round waits for all of its steps, so what happens next does not depend on which was the fastest.
 */
import { CancelScope } from '../base/abort.ts';
import { toErrorData } from '../base/error-data.ts';
import { messageOf, RegattaError } from '../base/errors.ts';
import { deepFreeze } from '../base/json.ts';
import { settleAll } from '../base/settle-all.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Message } from '../protocol/message.ts';
import type { AgentDefinition } from './definition.ts';
import { type Conversed, converse, type Tallied, type Way } from './loop.ts';
import { observe } from './plan-observe.ts';
import type { AgentPlanning } from './plan-options.ts';
import { makePlan, type Step } from './plan-steps.ts';

/** A step that is over. */
export interface DoneStep extends Step {
  readonly status: 'done' | 'failed';
  /** The answer, or what went wrong. */
  readonly text: string;
}

/** Steps of one agent at work together: as tool calls of one turn. */
const STEP_CONCURRENCY = 8;

export function byPlan(planning: AgentPlanning): Way {
  return (agent, given, context) => work(agent, { ...given, planning }, context);
}

/** What each part of the work is given. */
export interface Planned extends Tallied {
  readonly planning: AgentPlanning;
}

async function work(agent: AgentDefinition, assignment: Planned, context: RunContext): Promise<Conversed> {
  const { maxReplans } = assignment.planning;
  const done: DoneStep[] = [];
  let waiting = await makePlan(agent, assignment, context.child('plan'));
  let replans = 0;
  for (let round = 1; waiting.length > 0; round++) {
    const ready = waiting.filter(({ needs }) => needs.every((id) => done.some((step) => step.id === id)));
    const ended = await doSteps(agent, { assignment, ready, done }, context);
    done.push(...ended);
    waiting = waiting.filter((step) => !ready.includes(step));
    const seen = await observe(agent, { assignment, ended, waiting, round }, context);
    if (seen.isReached) break;
    waiting = waiting.map((step) => ({
      ...step,
      instructions: seen.refined.get(step.id) ?? step.instructions,
    }));
    if (seen.reason === null) continue;
    if (replans === maxReplans) break; // an answer of what is there, as the bound says
    replans++;
    const again = { ...assignment, done, reason: seen.reason, generation: replans + 1 };
    waiting = await makePlan(agent, again, context.child(`plan-${replans + 1}`));
  }
  const messages = [...assignment.messages, summaryOf(done)];
  return await converse(agent, { ...assignment, messages, tools: [] }, context);
}

interface Round {
  readonly assignment: Planned;
  readonly ready: readonly Step[];
  readonly done: readonly DoneStep[];
}

async function doSteps(
  agent: AgentDefinition,
  { ready, ...round }: Round,
  context: RunContext,
): Promise<readonly DoneStep[]> {
  const { signal } = context;
  const start = (step: Step): Promise<DoneStep> =>
    doStep(agent, { step, ...round }, context.child(`step-${step.id}`));
  const ended = await settleAll(ready, start, { limit: STEP_CONCURRENCY, signal });
  signal.throwIfAborted();
  return ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])); // a step never throws
}

interface OneStep extends Omit<Round, 'ready'> {
  readonly step: Step;
}

/** One step as events: a start and one end. What goes wrong is what it gave. */
async function doStep(
  agent: AgentDefinition,
  { step, assignment, done }: OneStep,
  context: RunContext,
): Promise<DoneStep> {
  const { id, instructions } = step;
  const { maxStepIterations, stepTimeoutMs } = assignment.planning;
  await context.tell({ type: 'step.start', step: id, instructions });
  const cancel = new CancelScope(context.signal, {
    timeoutMs: stepTimeoutMs,
    timeoutReason: () => timeoutError(id, stepTimeoutMs ?? 0),
    onOrphan: context.orphan,
  });
  try {
    const { text } = await converse(
      { ...agent, maxIter: maxStepIterations },
      { ...assignment, messages: [...assignment.messages, stepMessage(step, done)], contract: null },
      context.withSignal(cancel.signal),
    );
    await context.tell({ type: 'step.end', step: id, text, error: null });
    return { ...step, status: 'done', text };
  } catch (thrown) {
    await context.tell({ type: 'step.end', step: id, text: null, error: toErrorData(thrown) });
    return { ...step, status: 'failed', text: messageOf(thrown) };
  } finally {
    cancel.close();
  }
}

/** Its own conversation: the task, what the steps it needs gave, and what it is to do. */
function stepMessage({ id, instructions, needs }: Step, done: readonly DoneStep[]): Message {
  const read = done.filter((step) => needs.includes(step.id)).map(told);
  const before = read.length === 0 ? '' : `Results of the steps before it:\n\n${read.join('\n\n')}\n\n`;
  return deepFreeze({
    role: 'user',
    content: `You work on the task above by a plan. ${before}Do only this step now, and answer with its result in plain text, whatever shape the final answer is to have:\n\n## ${id}\n${instructions}`,
  });
}

export function told({ id, instructions, status, text }: DoneStep): string {
  return `## ${id}: ${instructions}\n${status === 'failed' ? 'This step failed: ' : ''}${text}`;
}

function summaryOf(done: readonly DoneStep[]): Message {
  const results = done.map(told).join('\n\n');
  return deepFreeze({
    role: 'user',
    content: `The steps of your plan are over. Their results:\n\n${results}\n\nGive your complete final answer to the task now.`,
  });
}

function timeoutError(step: string, stepTimeoutMs: number): RegattaError {
  return new RegattaError(
    'plan/step-timeout',
    `Step "${step}" did not finish within ${stepTimeoutMs} ms. Raise planning.stepTimeoutMs, or give smaller steps.`,
    { step, stepTimeoutMs },
  );
}
