/** Looks at what a round of steps gave, and says how to go on. */
import { toErrorData } from '../base/error-data.ts';
import { deepFreeze, type JsonObject } from '../base/json.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { AgentDefinition } from './definition.ts';
import type { Tallied } from './loop.ts';
import type { AgentPlanning, Effort } from './plan-options.ts';
import { ask, type Step } from './plan-steps.ts';
import { type Check, problem, structured } from './structured.ts';

/** How to go on. */
export interface Observation {
  /** Why a new plan is needed; null = the plan holds. */
  readonly reason: string | null;
  /** New instructions of steps that wait, by id. */
  readonly refined: ReadonlyMap<string, string>;
  /** The task can be answered now, whatever still waits. */
  readonly isReached: boolean;
}

interface Seen {
  readonly assignment: Tallied & { readonly planning: AgentPlanning };
  /** Steps of this round. */
  readonly ended: readonly (Step & { readonly status: 'done' | 'failed'; readonly text: string })[];
  readonly waiting: readonly Step[];
  readonly round: number;
}

const HOLDS: Observation = { reason: null, refined: new Map(), isReached: false };

/** @throws RegattaError `output/invalid`, or what the model throws, after its `review.end`. */
export async function observe(agent: AgentDefinition, seen: Seen, context: RunContext): Promise<Observation> {
  const { effort } = seen.assignment.planning;
  if (effort === 'low') return observeByStatus(seen);
  const inner = context.child(`review-${seen.round}`);
  await inner.tell({ type: 'review.start', subjects: seen.ended.map(({ id }) => id) });
  try {
    const judged = await judge(agent, seen, inner);
    const accepted = judged.needsNewPlan === false && judged.failed.length === 0;
    const feedback = deepFreeze(Object.fromEntries(judged.failed.map(({ step, why }) => [step, why])));
    await inner.tell({ type: 'review.end', accepted, feedback, error: null });
    return toObservation(judged, seen);
  } catch (thrown) {
    const error = toErrorData(thrown);
    await inner.tell({ type: 'review.end', accepted: null, feedback: {}, error });
    throw thrown;
  }
}

/** Without a model: a round in which nothing came out shows that the plan does not work. */
function observeByStatus({ ended }: Seen): Observation {
  const failed = ended.filter(({ status }) => status === 'failed');
  if (failed.length < ended.length) return HOLDS;
  return {
    ...HOLDS,
    reason: `No step of the last round succeeded: ${failed.map(({ id }) => id).join(', ')}.`,
  };
}

interface Judgement {
  readonly failed: readonly { readonly step: string; readonly why: string }[];
  readonly needsNewPlan: boolean;
  readonly reason: string;
  /** For `high` alone. */
  readonly refinements?: readonly { readonly step: string; readonly instructions: string }[];
  readonly goalReached?: boolean;
}

/** As crewAI's table: `high` plans anew after any failure, the others where the plan does not hold. */
function toObservation({ failed, needsNewPlan, reason, ...more }: Judgement, seen: Seen): Observation {
  const { effort } = seen.assignment.planning;
  const hasFailed = failed.length > 0 || seen.ended.some(({ status }) => status === 'failed');
  const refined = new Map(more.refinements?.map(({ step, instructions }) => [step, instructions]));
  if (more.goalReached === true) return { ...HOLDS, isReached: true };
  if (needsNewPlan || (effort === 'high' && hasFailed))
    return { ...HOLDS, reason: reason || 'A step failed.' };
  return { ...HOLDS, refined };
}

function judge(agent: AgentDefinition, seen: Seen, context: RunContext): Promise<Judgement> {
  const { assignment, ended, waiting } = seen;
  const contract = structured(judgementSchema(assignment.planning.effort), 'A judgement', {
    check: checkNames(seen),
  });
  const results = ended.map(
    ({ id, instructions, status, text }) => `## ${id} (${status})\n${instructions}\n\nResult: ${text}`,
  );
  const left = waiting.map(({ id, instructions }) => `- ${id}: ${instructions}`).join('\n');
  const request = `Do not answer the task yet. These steps of your plan are over:\n\n${results.join('\n\n')}\n\nSteps that wait:\n${left || '(none)'}\n\nSay which steps did not do what they were to do, and whether the rest of the plan still leads to the answer.`;
  return ask<Judgement>(agent, { occasion: assignment, contract, request }, context);
}

/** A judgement may name only what it was shown. */
function checkNames({ ended, waiting }: Seen): Check<Judgement> {
  return ({ failed, refinements = [] }) => [
    ...failed
      .filter(({ step }) => !ended.some(({ id }) => id === step))
      .map(({ step }) => problem('failed', step, `"${step}" is no step that is over. Name one of those.`)),
    ...refinements
      .filter(({ step }) => !waiting.some(({ id }) => id === step))
      .map(({ step }) => problem('refinements', step, `"${step}" is no step that waits. Name one of those.`)),
  ];
}

function judgementSchema(effort: Effort): JsonObject {
  const text = { type: 'string' };
  const named = (other: string): JsonObject => ({
    type: 'array',
    minItems: 0,
    items: {
      type: 'object',
      properties: { step: text, [other]: text },
      required: ['step', other],
      additionalProperties: false,
    },
  });
  const properties: JsonObject = {
    failed: named('why'),
    needsNewPlan: { type: 'boolean' },
    reason: { ...text, description: 'Why a new plan is needed; else empty' },
    ...(effort === 'high' && {
      refinements: { ...named('instructions'), description: 'Better instructions for steps that wait' },
      goalReached: { type: 'boolean', description: 'Whether the task can be answered now' },
    }),
  };
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}
