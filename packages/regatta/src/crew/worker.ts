/** Who does a task: makes a draft, and goes on with the same conversation when it is sent back. */
import { runAgent } from '../agent/loop.ts';
import { readFiles } from '../context/input-files.ts';
import { openConversation, redraftRequest } from '../context/prompt.ts';
import type { Draft, Redraft } from '../guardrail/draft.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Work } from '../ports/span.ts';
import { type Message, textOf, type UserMessage } from '../protocol/message.ts';
import { tellEarlier } from './earlier-results.ts';
import type { Brief, PlannedTask } from './plan.ts';
import type { TaskRunOptions } from './task-share.ts';

export interface Worker {
  draft(): Work<Draft>;
  readonly redraft: Redraft;
}

export interface WorkerOptions extends TaskRunOptions {
  readonly brief: Brief;
  readonly llm: LlmDefinition | undefined;
  /** Stands before the names of the spans of one attempt. */
  readonly key: string;
}

/** The task's agent. */
export function agentWorker(task: PlannedTask, options: WorkerOptions, context: RunContext): Worker {
  const { definition, agent } = task;
  const { brief, llm, key } = options;
  const { persona } = brief;
  const { role } = persona;
  const model = context.resolveModel(llm, `Agent "${role}"`);
  const modelScope = llm?.scope ?? [];
  const tools = definition.tools ?? agent.tools;
  const { contract } = definition;
  let drafts = 0;
  // No generator of its own: every event of the agent would pass through it.
  const work = (messages: readonly Message[]): Work<Draft> => {
    drafts++;
    const place = `${key}agent${drafts === 1 ? '' : `-${drafts}`}`;
    const inner = context.child(place, { agent: role, scope: agent.scope });
    const assignment = { messages, model, modelScope, tools, contract };
    return runAgent({ ...agent, ...persona }, assignment, inner);
  };
  return {
    async *draft() {
      const earlier = tellEarlier(
        task,
        { outputs: options.outputs, description: brief.description, model, modelScope, agent: role, key },
        context,
      );
      const assignment = {
        ...brief,
        context: yield* earlier,
        schema: contract?.jsonSchema ?? null,
        markdown: definition.markdown,
        files: await readTaskFiles(task, options, context),
      };
      return yield* work(openConversation(persona, assignment));
    },
    redraft: (draft, feedback) => work([...draft.messages, feedbackOn(draft, feedback)]),
  };
}

/** Recorded, so that a repeated run is shown the same. */
async function readTaskFiles(
  { definition }: PlannedTask,
  { share, key }: WorkerOptions,
  context: RunContext,
): Promise<Exclude<UserMessage['content'], string>> {
  const files = { ...share.files, ...definition.inputFiles };
  if (Object.keys(files).length === 0) return [];
  return await context.step(`${key}files`, async () => [...(await readFiles(files))]);
}

/** A guardrail may have replaced the text that the conversation ends with. */
function feedbackOn({ text, messages }: Draft, feedback: string): Message {
  const last = messages.at(-1);
  const said = last?.role === 'assistant' ? textOf(last) : '';
  return redraftRequest(feedback, said === text ? null : text);
}
