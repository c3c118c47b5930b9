/** One task of a crew: its prompt, its agent at work, and its output as an event. */
import { runAgent } from '../agent/loop.ts';
import { toErrorData } from '../base/error-data.ts';
import { toJsonOr } from '../base/json.ts';
import type { Inputs } from '../base/template.ts';
import { openConversation } from '../context/prompt.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Work } from '../ports/span.ts';
import type { TaskOutput } from '../protocol/output.ts';
import { fillIn, type PlannedTask } from './plan.ts';

export interface TaskRunOptions {
  readonly inputs: Inputs;
  /** Outputs of the tasks that are done, by id. */
  readonly outputs: ReadonlyMap<string, TaskOutput>;
  /** For an agent without one of its own. */
  readonly defaultLlm: LlmDefinition | undefined;
}

/** @throws what the agent throws, after its `task.end`. */
export async function* runTask(
  task: PlannedTask,
  { inputs, outputs, defaultLlm }: TaskRunOptions,
  context: RunContext,
): Work<TaskOutput> {
  const { definition, agent, reads } = task;
  const { persona, description, expectedOutput } = fillIn(task, inputs);
  const { role } = persona;
  const inner = context.child(task.id, { task: task.id, scope: definition.scope });
  const { span } = inner;
  const ended = {
    type: 'task.end',
    task: task.id,
    text: null,
    parsed: null,
    error: null,
    because: null,
  } as const;
  yield { span, body: { type: 'task.start', task: task.id, agent: role, description } };
  try {
    const llm = agent.llm ?? defaultLlm ?? context.facts.defaultLlm;
    const { contract } = definition;
    const earlier = reads.map((id) => ({ task: id, text: outputs.get(id)?.text ?? '' }));
    const schema = contract?.jsonSchema ?? null;
    const assignment = {
      messages: openConversation(persona, { description, expectedOutput, context: earlier, schema }),
      model: inner.resolveModel(llm, `Agent "${role}"`),
      modelScope: llm?.scope ?? [],
      tools: definition.tools ?? agent.tools,
      contract,
    };
    const agentContext = inner.child('agent', { agent: role, scope: agent.scope });
    const { text, parsed } = yield* runAgent({ ...agent, ...persona }, assignment, agentContext);
    yield { span, body: { ...ended, status: 'done', text, parsed: toJsonOr(parsed, null) } };
    return Object.freeze({ task: task.id, agent: role, text, parsed });
  } catch (error) {
    yield { span, body: { ...ended, status: 'failed', error: toErrorData(error) } };
    throw error;
  }
}
