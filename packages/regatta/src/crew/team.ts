/** The agents of one run, their texts filled in, and what they need to work for each other. */
import type { AgentDefinition } from '../agent/definition.ts';
import type { AgentAnswer } from '../agent/loop.ts';
import type { Contract } from '../base/schema.ts';
import { type Inputs, interpolate } from '../base/template.ts';
import { type Assignment, openConversation, type Persona } from '../context/prompt.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { OnFailure, Tool } from '../ports/tool.ts';
import type { Message } from '../protocol/message.ts';
import type { Advice } from './advice.ts';
import type { CrewDefinition } from './definition.ts';
import type { PlannedTask } from './plan.ts';
import type { TeamOptions } from './team-options.ts';

export interface Member {
  /** Its role, told apart from equal ones by a number. */
  readonly name: string;
  readonly definition: AgentDefinition;
  readonly persona: Persona;
}

export interface Team extends TeamOptions {
  readonly process: CrewDefinition['process'];
  /** In the crew's order. */
  readonly members: readonly Member[];
  /** Plans, checks and judges; not one of the members. */
  readonly manager: Member | undefined;
  /** For agents without one. */
  readonly defaultLlm: LlmDefinition | undefined;
  /** For tools, tasks and agents that do not say. */
  readonly onToolFailure: OnFailure | undefined;
}

/** What a member is to do. */
export interface MemberWork {
  /** Name of its span. */
  readonly place: string;
  /** The conversation so far; see `open`. */
  readonly messages: readonly Message[];
  /** How many of the messages opened it, where it goes on. Absent = it begins. */
  readonly opening?: number;
  /** False = the answer may yet be sent back, and is remembered when it is accepted. @default true */
  readonly remembers?: boolean;
  readonly tools: readonly Tool[];
  /** The task's word on failures of tools. */
  readonly onToolFailure?: OnFailure | undefined;
  readonly contract: Contract | null;
  /** Who handed the work on, outermost first. */
  readonly chain: readonly Member[];
}

export type DoMemberWork = (
  team: Team,
  member: Member,
  work: MemberWork,
  context: RunContext,
) => Promise<AgentAnswer>;

/** A task that is ready to be done. */
export interface TaskWork {
  readonly team: Team;
  readonly task: PlannedTask;
  readonly brief: Assignment;
  readonly contract: Contract | null;
  /** Stands before the names of the spans of one attempt. */
  readonly key: string;
}

/** What came out, and who goes on with it where something is to be better. */
export interface Finished extends AgentAnswer {
  readonly by: Member;
}

/** The messages that open a member's conversation. */
export function open({ persona }: Member, brief: Assignment): readonly Message[] {
  return openConversation(persona, brief);
}

type TeamCrew = Pick<CrewDefinition, 'agents' | 'process' | 'llm' | 'manager' | 'team' | 'onToolFailure'>;

/** `inputs` were checked; `advice` is by role as it is defined. */
export function openTeam(crew: TeamCrew, inputs: Inputs, advice: Advice): Team {
  const fill = (text: string): string => interpolate(text, inputs);
  const taken = new Set<string>();
  const toMember = (definition: AgentDefinition): Member => {
    const role = fill(definition.role);
    const learned = advice.get(definition.role);
    const story = fill(definition.backstory);
    const backstory = learned ? [story, learned].filter((text) => text !== '').join('\n') : story;
    const name = nameFor(role, taken);
    taken.add(normalizeRole(name));
    return { name, definition, persona: { role, goal: fill(definition.goal), backstory } };
  };
  return {
    ...crew.team,
    process: crew.process,
    members: crew.agents.map(toMember),
    manager: crew.manager && toMember(crew.manager),
    defaultLlm: crew.llm,
    onToolFailure: crew.onToolFailure,
  };
}

function nameFor(role: string, taken: ReadonlySet<string>): string {
  let name = role;
  for (let number = 2; taken.has(normalizeRole(name)); number++) name = `${role} (${number})`;
  return name;
}

/** Quotes, and blanks that are not one between words. */
const ODD = /["'`“”‘’]|^\s|\s$|\s\s|[^\S ]/;

/** Roles as models write them: their case, quotes and blanks do not matter. */
export function normalizeRole(role: string): string {
  if (!ODD.test(role)) return role.toLowerCase();
  return role
    .replace(/["'`“”‘’]/g, '')
    .trim()
    .replace(/\s+/g, ' ')
    .toLowerCase();
}

/** The member of an agent of the crew. */
export function memberOf(team: Team, definition: AgentDefinition): Member {
  const all = team.manager === undefined ? team.members : [...team.members, team.manager];
  return all.find((member) => member.definition === definition) as Member; // the crew was checked: its tasks have its agents
}

/** Whom a manager may give a task to: its own agent, or all. */
export function delegatesFor(team: Team, { definition }: PlannedTask): readonly Member[] {
  return definition.agent === undefined ? team.members : [memberOf(team, definition.agent)];
}

/** Whom `member` may ask: those that it names, or all; never itself. */
export function delegatesOf({ members }: Team, { definition }: Member): readonly Member[] {
  const { allowedDelegates } = definition;
  return members.filter(
    (other) =>
      other.definition !== definition && (allowedDelegates?.some((one) => isNamed(one, other)) ?? true),
  );
}

function isNamed(named: AgentDefinition | string, { name, definition }: Member): boolean {
  if (typeof named !== 'string') return named === definition;
  const wanted = normalizeRole(named);
  return [name, definition.role].some((role) => normalizeRole(role) === wanted);
}

/** Who is meant by what a model wrote. */
export function findMember(members: readonly Member[], written: string): Member | undefined {
  const wanted = normalizeRole(written);
  return members.find(({ name }) => normalizeRole(name) === wanted);
}

/** For prompts: one line for each. */
export function listMembers(members: readonly Member[]): string {
  return members.map(({ name, persona }) => `- ${name}: ${persona.goal}`).join('\n');
}
