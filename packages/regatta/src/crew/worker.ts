/** Who does a task: makes a draft, and goes on with the same conversation when it is sent back. */
import { feedbackOn } from '../agent/feedback.ts';
import { readFiles } from '../context/input-files.ts';
import type { Draft, Redraft } from '../guardrail/draft.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { UserMessage } from '../protocol/message.ts';
import { type Answered, doTask, improve } from './do-task.ts';
import { tellEarlier } from './earlier-results.ts';
import type { Brief, PlannedTask } from './plan.ts';
import { withPlan } from './planning.ts';
import type { TaskRunOptions, TaskShare } from './task-share.ts';
import { type Member, memberOf, type TaskWork } from './team.ts';

export interface Worker {
  draft(): Promise<Draft>;
  readonly redraft: Redraft;
}

export interface WorkerOptions extends TaskRunOptions {
  readonly brief: Brief;
  readonly llm: LlmDefinition | undefined;
  /** Stands before the names of the spans of one attempt. */
  readonly key: string;
}

/** For one attempt: the task's agent, or whoever works under the crew's process. */
export function openWorker(task: PlannedTask, options: WorkerOptions, context: RunContext): Worker {
  const { definition } = task;
  const { brief, llm, key, share } = options;
  const { team } = share;
  const { contract } = definition;
  const work = (asked: TaskWork['brief']): TaskWork => ({ team, task, brief: asked, contract, key });
  const lead = memberOf(team, task.agent);
  const opened: { by: Member; drafts: number } = { by: lead, drafts: 0 };
  const count = (answered: Answered): Draft => {
    opened.by = answered.by ?? opened.by;
    opened.drafts++;
    return { ...answered, agent: opened.by.persona.role };
  };
  return {
    async draft() {
      const { description, expectedOutput, persona } = brief;
      const reader = { llm, agent: persona.role, key };
      const earlier = tellEarlier(task, { outputs: options.outputs, description, ...reader }, context);
      const asked = {
        description: withPlan(description, share.plans.get(task.id)),
        expectedOutput,
        context: await earlier,
        schema: contract?.jsonSchema ?? null,
        markdown: definition.markdown,
        files: hasFiles(task, share) ? await readTaskFiles(task, options, context) : [],
      };
      return doTask(work(asked), context).then(count);
    },
    async redraft(draft, feedback) {
      const asked = { ...brief, context: [], schema: null };
      const messages = [...draft.messages, feedbackOn(draft, feedback)];
      const number = opened.drafts + 1;
      return count(
        await improve(work(asked), { by: opened.by, messages, opening: draft.opening, number }, context),
      );
    },
  };
}

function hasFiles({ definition }: PlannedTask, { files }: TaskShare): boolean {
  return Object.keys(files).length > 0 || Object.keys(definition.inputFiles).length > 0;
}

/** Recorded, so that a repeated run is shown the same. */
async function readTaskFiles(
  { definition }: PlannedTask,
  { share, key }: WorkerOptions,
  context: RunContext,
): Promise<Exclude<UserMessage['content'], string>> {
  const files = { ...share.files, ...definition.inputFiles };
  return await context.step(`${key}files`, async () => [...(await readFiles(files))]);
}
