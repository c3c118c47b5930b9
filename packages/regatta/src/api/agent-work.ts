/** An agent at work without a crew: its prompt, its loop, and guardrails around its answer. */
import type { AgentDefinition } from '../agent/definition.ts';
import { feedbackOn } from '../agent/feedback.ts';
import type { AgentAnswer } from '../agent/loop.ts';
import { remember } from '../agent/memories.ts';
import { taskOf } from '../agent/opening.ts';
import { perform } from '../agent/perform.ts';
import { deepFreeze } from '../base/json.ts';
import { checkInputs, checkJson, type Inputs, interpolate, placeholdersOf } from '../base/template.ts';
import { type FileSources, readFiles } from '../context/input-files.ts';
import { introduce, type Persona } from '../context/prompt.ts';
import { appendToTask } from '../context/style.ts';
import { applyGuardrails } from '../guardrail/apply.ts';
import type { Draft } from '../guardrail/draft.ts';
import type { Judge } from '../guardrail/judge.ts';
import { shapeRequest } from '../model/shaped.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Message } from '../protocol/message.ts';
import type { AgentOutput } from './agent-options.ts';
import type { AgentRequest, AgentTerms } from './agent-request.ts';

/** One turn of the conversation with the agent: its opening, or what goes on from a draft. */
type Turn = Pick<Parameters<typeof perform>[1], 'messages' | 'opening' | 'remembers'>;

/** @throws RegattaError `inputs/*` or `file/*` before a model is asked; what the agent or a guardrail throws. */
export async function workAlone(
  agent: AgentDefinition,
  { messages, inputs, files, contract, ...terms }: AgentRequest & AgentTerms,
  context: RunContext,
): Promise<AgentOutput<unknown>> {
  const { guardrails, guardrailMaxRetries: maxRetries } = terms;
  const persona = fillIn(agent, inputs);
  const { role } = persona;
  const llm = agent.llm ?? context.facts.defaultLlm;
  const model = context.resolveModel(llm, `Agent "${role}"`);
  const work = (place: string, turn: Turn): Promise<AgentAnswer> => {
    const assignment = { ...turn, model, modelScope: llm?.scope ?? [], tools: agent.tools, contract };
    return perform(
      { ...agent, ...persona },
      assignment,
      context.child(place, { agent: role, scope: agent.scope }),
    );
  };
  const asked = contract === null ? messages : appendToTask(messages, shapeRequest(contract.jsonSchema));
  const opening = deepFreeze([introduce(persona), ...(await withFiles(asked, files, context))]);
  const isProvisional = guardrails.length > 0;
  const draft = await work('agent', { messages: opening, remembers: !isProvisional });
  let drafts = 1;
  async function redraft(given: Draft, feedback: string): Promise<Draft> {
    const goesOn = [...given.messages, feedbackOn(given, feedback)];
    const answer = await work(`agent-${++drafts}`, { messages: goesOn, opening: given.opening });
    return { ...answer, agent: role };
  }
  const judge = openJudge(terms, { llm, role }, context);
  const options = { guardrails, maxRetries, contract, judge, redraft, agent: role, key: '' };
  const accepted = await applyGuardrails({ ...draft, agent: role }, options, context);
  const { text, parsed } = accepted;
  if (isProvisional) {
    const experience = { task: taskOf(opening), answer: text };
    await remember({ ...agent, stores: agent.memory }, experience, context);
  }
  return Object.freeze({
    runId: context.runId,
    text,
    parsed,
    messages: deepFreeze(accepted.messages),
    usage: context.meter.report(),
  });
}

function openJudge(
  { guardrails, guardrailLlm }: Omit<AgentTerms, 'contract'>,
  { llm: own, role }: { readonly llm: LlmDefinition | undefined; readonly role: string },
  context: RunContext,
): Judge | undefined {
  if (!guardrails.some(({ check }) => typeof check === 'string')) return undefined;
  const llm = guardrailLlm ?? own;
  return { model: context.resolveModel(llm, `The guardrails of agent "${role}"`), scope: llm?.scope ?? [] };
}

/** Behind what is asked. Recorded, so that a repeated run is shown the same. */
async function withFiles(
  messages: readonly Message[],
  files: FileSources,
  context: RunContext,
): Promise<readonly Message[]> {
  const last = messages.at(-1);
  if (Object.keys(files).length === 0 || last?.role !== 'user') return messages;
  const parts = await context.step('files', async () => [...(await readFiles(files))]);
  const { content } = last;
  const asked = typeof content === 'string' ? [{ type: 'text', text: content } as const] : content;
  return [...messages.slice(0, -1), { ...last, content: [...asked, ...parts] }];
}

/** @throws RegattaError `inputs/missing` or `inputs/not-json` before a model is asked. */
function fillIn({ role, goal, backstory }: AgentDefinition, inputs: Inputs): Persona {
  checkJson(inputs);
  checkInputs(placeholdersOf([role, goal, backstory]), inputs);
  const fill = (text: string): string => interpolate(text, inputs);
  return { role: fill(role), goal: fill(goal), backstory: fill(backstory) };
}
