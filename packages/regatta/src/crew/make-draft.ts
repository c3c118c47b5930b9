/** One attempt at a task: a draft, guardrails around it, and a person's review. */
import { remember } from '../agent/memories.ts';
import { applyGuardrails } from '../guardrail/apply.ts';
import type { Draft } from '../guardrail/draft.ts';
import type { Judge } from '../guardrail/judge.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import { isProvisional } from './do-task.ts';
import type { Brief, PlannedTask } from './plan.ts';
import { reviewDraft } from './review.ts';
import type { TaskRunOptions } from './task-share.ts';
import { openWorker, type Worker, type WorkerOptions } from './worker.ts';

export interface DraftOptions extends TaskRunOptions {
  readonly brief: Brief;
  /** Stands before the names of the attempt's spans. */
  readonly key: string;
}

/** @throws what the agent, its model or a guardrail throws. */
export function makeDraft(task: PlannedTask, options: DraftOptions, context: RunContext): Promise<Draft> {
  const llm = task.agent.llm ?? options.share.defaultLlm ?? context.facts.defaultLlm;
  const work = { ...options, llm };
  const worker = openWorker(task, work, context);
  return isProvisional(task.definition) ? improveDraft(task, { ...work, worker }, context) : worker.draft();
}

/** Until guardrails and people accept it. */
async function improveDraft(
  task: PlannedTask,
  { brief, key, llm, worker: { draft, redraft } }: WorkerOptions & { readonly worker: Worker },
  context: RunContext,
): Promise<Draft> {
  const { id, agent, definition } = task;
  const { guardrails, guardrailMaxRetries: maxRetries, contract, humanInput } = definition;
  const { role } = brief.persona;
  const needsJudge = guardrails.some(({ check }) => typeof check === 'string');
  const judge = needsJudge ? openJudge(definition.guardrailLlm ?? llm, id, context) : undefined;
  const check = (unchecked: Draft, place: string): Promise<Draft> =>
    applyGuardrails(
      unchecked,
      { guardrails, maxRetries, contract, judge, redraft, agent: role, key: place },
      context,
    );
  const checked = await check(await draft(), key);
  const accepted = humanInput
    ? await reviewDraft(checked, { task: id, key, redraft, check }, context)
    : checked;
  const experience = { task: brief.description, answer: accepted.text };
  await remember({ ...agent, stores: agent.memory }, experience, context);
  return accepted;
}

function openJudge(llm: LlmDefinition | undefined, task: string, context: RunContext): Judge {
  return { model: context.resolveModel(llm, `The guardrails of task "${task}"`), scope: llm?.scope ?? [] };
}
