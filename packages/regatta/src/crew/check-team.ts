/** What is wrong with how the agents of a crew are to work together. */
import type { AgentDefinition } from '../agent/definition.ts';
import { Problems, show } from '../base/problems.ts';
import type { CrewDefinition } from './definition.ts';
import { ASK_QUESTION, DELEGATE_WORK } from './delegation.ts';
import { normalizeRole } from './team.ts';

/** @throws RegattaError `definition/invalid` with everything that is wrong. */
export function checkTeam(crew: CrewDefinition): void {
  const problems = new Problems(`Crew "${crew.name}"`);
  const { maxDelegationDepth, maxRevisions, quorum } = crew.team;
  problems.integer('maxDelegationDepth', maxDelegationDepth, 0);
  problems.integer('maxRevisions', maxRevisions, 0);
  problems.integer('quorum', quorum, 1);
  checkManager(problems, crew);
  checkDecide(problems, crew);
  checkTaskAgents(problems, crew);
  for (const [index, agent] of crew.agents.entries()) checkDelegates(problems, { agent, index, crew });
  checkToolNames(problems, crew);
  problems.throwIfAny();
}

function checkManager(problems: Problems, { process, manager, agents, team }: CrewDefinition): void {
  const needsOne = process === 'hierarchical' || (process === 'consensus' && team.decide === 'judge');
  if (needsOne && manager === undefined) {
    const message = `The process "${process}" needs a manager. Give managerLlm, or a managerAgent.`;
    problems.add('managerLlm', undefined, message);
  }
  if (!needsOne && manager !== undefined) {
    const message = `The process "${process}" has nothing to do for a manager. Take managerLlm and managerAgent out, or choose the process "hierarchical".`;
    problems.add('managerAgent', manager.role, message);
  }
  if (manager === undefined) return;
  if (agents.includes(manager)) {
    const message = `The manager "${manager.role}" is one of the agents. Take it out of agents, or make another for one of the two.`;
    problems.add('managerAgent', manager.role, message);
  }
  if (manager.tools.length > 0 || manager.allowDelegation || manager.planning !== undefined) {
    const message = `The manager "${manager.role}" has tools, allowDelegation or planning. Leave them out: a manager plans, checks and decides, and its agents do the work.`;
    problems.add('managerAgent', manager.role, message);
  }
}

function checkDecide(
  problems: Problems,
  { process, team: { decide, quorum }, agents }: CrewDefinition,
): void {
  if (decide !== 'judge' && decide !== 'vote' && typeof decide !== 'function') {
    const message = `decide must be "judge", "vote" or a function, got ${show(decide)}. Correct it or leave it out.`;
    problems.add('decide', decide, message);
  }
  if (process !== 'consensus' || quorum === undefined || quorum <= agents.length) return;
  const message = `quorum is ${quorum}, and the crew has ${agents.length} agents. Lower it, or add agents.`;
  problems.add('quorum', quorum, message);
}

function checkTaskAgents(problems: Problems, { process, tasks, agents }: CrewDefinition): void {
  for (const [index, { agents: own, agent }] of tasks.entries()) {
    const field = `tasks[${index}].agents`;
    if (own === undefined) continue;
    if (process !== 'consensus') {
      const message = `${field} is for the process "consensus", and this one is "${process}". Give the task one agent.`;
      problems.add(field, undefined, message);
    }
    if (own.length === 0 || agent !== undefined) {
      const message = `${field} must hold at least one agent, and stands in the place of agent. Name one or the other.`;
      problems.add(field, undefined, message);
    }
    for (const { role } of own.filter((one) => !agents.includes(one))) {
      problems.add(field, role, `${field} holds "${role}", who is not in agents. Add the agent to the crew.`);
    }
  }
}

interface Delegating {
  readonly agent: AgentDefinition;
  readonly index: number;
  readonly crew: CrewDefinition;
}

/** A name that means nobody is a mistake in writing, and would be one agent less without a word. */
function checkDelegates(problems: Problems, { agent, index, crew }: Delegating): void {
  const field = `agents[${index}].allowedDelegates`;
  if (agent.allowedDelegates !== undefined && !agent.allowDelegation) {
    const message = `${field} is given, and allowDelegation is not. Set allowDelegation, or take the list out.`;
    problems.add(field, undefined, message);
  }
  for (const named of agent.allowedDelegates ?? []) {
    const role = typeof named === 'string' ? named : named.role;
    const isKnown =
      typeof named === 'string'
        ? crew.agents.some((other) => normalizeRole(other.role) === normalizeRole(named))
        : crew.agents.includes(named);
    if (isKnown && named !== agent) continue;
    const message = `${field} of "${agent.role}" names "${role}", who is no other agent of the crew. Add that agent, or correct the list.`;
    problems.add(field, role, message);
  }
}

/** A model must be able to tell tools apart. */
function checkToolNames(problems: Problems, { agents, tasks }: CrewDefinition): void {
  const owners = [
    ...agents.map((agent, index) => ({ field: `agents[${index}].tools`, agent, tools: agent.tools })),
    ...tasks.map(({ agent, tools }, index) => ({
      field: `tasks[${index}].tools`,
      agent,
      tools: tools ?? [],
    })),
  ];
  for (const { field, agent, tools } of owners) {
    if (agent?.allowDelegation !== true) continue;
    for (const { name } of tools.filter(
      (tool) => tool.name === DELEGATE_WORK || tool.name === ASK_QUESTION,
    )) {
      const message = `${field} holds "${name}", which is the name of a tool that allowDelegation gives. Rename yours.`;
      problems.add(field, name, message);
    }
  }
}
