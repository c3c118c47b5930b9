/** A member of a crew at work: its prompt, its model, its tools, and its agent's loop. */
import type { AgentDefinition } from '../agent/definition.ts';
import type { AgentAnswer } from '../agent/loop.ts';
import { perform } from '../agent/perform.ts';
import { deepFreeze } from '../base/json.ts';
import type { Contract } from '../base/schema.ts';
import type { Persona } from '../context/prompt.ts';
import { shapeRequest } from '../model/shaped.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Message } from '../protocol/message.ts';
import { delegationTools } from './delegation.ts';
import type { DoMemberWork, Member, MemberWork, Team } from './team.ts';

/** Inside `context`, in a span of its own. @throws what the agent throws. */
export function doMemberWork(
  team: Team,
  member: Member,
  { place, messages, opening, remembers, tools, onToolFailure, contract, chain }: MemberWork,
  context: RunContext,
): Promise<AgentAnswer> {
  const { definition, persona } = member;
  const { role } = persona;
  const llm = definition.llm ?? team.defaultLlm ?? context.facts.defaultLlm;
  // Work that is handed on is work on the same task.
  const handOn: DoMemberWork = (crew, coworker, handed, inner) =>
    doMemberWork(crew, coworker, { ...handed, onToolFailure }, inner);
  const delegation = definition.allowDelegation ? delegationTools(team, [...chain, member], handOn) : [];
  const assignment = {
    messages,
    opening,
    remembers,
    contract,
    model: context.resolveModel(llm, `Agent "${role}"`),
    modelScope: llm?.scope ?? [],
    tools: delegation.length === 0 ? tools : [...tools, ...delegation],
    onToolFailure: { task: onToolFailure, crew: team.onToolFailure },
  };
  const inner = context.child(place, { agent: role, scope: definition.scope });
  return perform(asPersona(definition, persona), assignment, inner);
}

/** The agent with its texts filled in. */
function asPersona(definition: AgentDefinition, persona: Persona): AgentDefinition {
  const { role, goal, backstory } = persona;
  const isPlain = role === definition.role && goal === definition.goal && backstory === definition.backstory;
  return isPlain ? definition : { ...definition, ...persona };
}

/** A question beside a brief, whose answer must have a shape. */
export function question(text: string, contract: Contract): Message {
  return deepFreeze({ role: 'user', content: `${text}\n\n${shapeRequest(contract.jsonSchema)}` });
}
