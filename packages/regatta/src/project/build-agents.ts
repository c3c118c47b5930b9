/** Makes the agents of a project, with what the crew file gives to all of them. */
import { Agent, type AgentOptions } from '../index.ts';
import type { CodeLoader } from './code.ts';
import type { NameRef } from './fields/field.ts';
import type { Findings } from './findings.ts';
import { make, need, unknownName } from './make.ts';
import { type Part, type Reading, readPart } from './part.ts';

export interface AgentContext {
  readonly findings: Findings;
  readonly code: CodeLoader;
  /** Options of the crew file. */
  readonly crew: Reading['options'];
}

export interface BuiltAgents {
  /** Those that could be made. */
  readonly agents: ReadonlyMap<string, Agent>;
  readonly readings: ReadonlyMap<string, Reading>;
}

/** Options that the crew file gives to all agents. Agents know these, and crews do not. */
export const SHARED = ['memory', 'knowledge', 'skills'] as const;

export async function buildAgents(
  parts: ReadonlyMap<string, Part>,
  { findings, code, crew }: AgentContext,
): Promise<BuiltAgents> {
  const readings = new Map<string, Reading>();
  for (const [key, part] of parts) {
    const before = findings.count;
    const reading = await readPart(part, { findings, code });
    for (const option of ['role', 'goal'] as const) need(part, reading, option, findings);
    readings.set(key, { ...reading, isSound: findings.count === before });
  }
  const agents = new Map<string, Agent>();
  for (const [key, { options, placeOf, isSound }] of readings) {
    const delegates = rolesOf(options.allowedDelegates, readings, findings);
    if (!isSound) continue;
    const all = {
      ...shared(crew, options),
      ...options,
      ...added(crew, options),
      ...(delegates === undefined ? {} : { allowedDelegates: delegates }),
    };
    // Each option was read by the row of the table that is named for it.
    const agent = make(() => new Agent(all as unknown as AgentOptions), findings, placeOf);
    if (agent !== undefined) agents.set(key, agent);
  }
  return { agents, readings };
}

/** What an agent has of the crew unless it says something else. */
function shared({ stepCallback }: Reading['options'], own: Reading['options']): Reading['options'] {
  return stepCallback === undefined || 'stepCallback' in own ? {} : { stepCallback };
}

/** What an agent has of the crew beside its own, each once. */
function added(crew: Reading['options'], own: Reading['options']): Reading['options'] {
  return Object.fromEntries(
    SHARED.filter((option) => option in crew).map((option) => {
      const lists = [own[option] ?? [], crew[option]] as readonly (readonly unknown[])[]; // their kinds give lists
      return [option, [...new Set(lists.flat())]];
    }),
  );
}

/** Agents may name each other in any order, so they are named by their roles. */
function rolesOf(
  refs: unknown,
  readings: ReadonlyMap<string, Reading>,
  findings: Findings,
): readonly unknown[] | undefined {
  return (refs as readonly NameRef[] | undefined)?.flatMap(({ name, value }) => {
    // the kind `names` gives them
    const reading = readings.get(name);
    if (reading === undefined) findings.add(value.place, unknownName('agent', name, [...readings.keys()]));
    return reading?.options.role ?? [];
  });
}
