/** Makes the agents, tasks and crew that the files describe. What a constructor refuses is said at its place in the file. */
import { Crew, type CrewOptions, type Task } from '../index.ts';
import { buildAgents, SHARED } from './build-agents.ts';
import { TaskBuilder } from './build-tasks.ts';
import type { CodeLoader } from './code.ts';
import type { Findings } from './findings.ts';
import type { Parts } from './gather.ts';
import { lookUp, make } from './make.ts';
import { type Reading, readPart } from './part.ts';
import type { Place } from './place.ts';

export interface BuildContext {
  readonly findings: Findings;
  readonly code: CodeLoader;
  /** The crew's name where no file gives one. */
  readonly name: string;
}

/** Undefined after a problem. */
export async function buildCrew(parts: Parts, context: BuildContext): Promise<Crew | undefined> {
  const { findings, code, name } = context;
  const crewReading = parts.crew && (await readPart(parts.crew, context));
  const given = crewReading?.options ?? {};
  const { agents, readings } = await buildAgents(parts.agents, { findings, code, crew: given });
  const taskReadings = new Map<string, Reading>();
  for (const [key, part] of parts.tasks) taskReadings.set(key, await readPart(part, context));
  const isShared = given.process === 'hierarchical' || given.process === 'consensus';
  const tasks = new TaskBuilder({ parts, agents, readings: taskReadings, findings, isShared });
  const built = [...parts.tasks.keys()].map((key) => tasks.build(key));
  const manager = lookUp(given.managerAgent, { kind: 'agent', known: agents, all: parts.agents, findings });
  if (findings.count > 0) return undefined; // also of those that were found before
  const members = parts.members.filter((key) => agents.get(key) !== manager);
  const crewOptions = {
    name,
    outputDirectory: code.root,
    ...crewOnly(given),
    ...planningOf(parts, given, findings),
    ...(manager === undefined ? {} : { managerAgent: manager }),
    agents: members.flatMap((key) => agents.get(key) ?? []),
    tasks: built.flatMap((task) => task ?? []),
  };
  const places: Places = {
    crew: crewReading,
    agents: members.map((key) => readings.get(key)),
    tasks: [...taskReadings.values()],
  };
  return make(
    () => new Crew(crewOptions as unknown as CrewOptions<readonly Task[]>), // as for agents
    findings,
    (field) => placeIn(places, field),
  );
}

/** Options of a crew file that are options of a crew. */
function crewOnly(given: Reading['options']): Reading['options'] {
  const others: readonly string[] = [...SHARED, 'stepCallback', 'managerAgent', 'planningLlm'];
  return Object.fromEntries(Object.entries(given).filter(([option]) => !others.includes(option)));
}

/** crewAI names the model that plans beside the switch. */
function planningOf(
  { own }: Parts,
  { planning, planningLlm: llm }: Reading['options'],
  findings: Findings,
): Reading['options'] {
  if (llm === undefined) return {};
  if (planning === true) return { planning: { llm } };
  const pair = own.get('planning_llm') ?? own.get('planningLlm');
  const message = 'It is asked where planning is true. Write planning: true.';
  if (pair !== undefined) findings.note('crew', pair.key, { place: pair.place, message });
  return {};
}

/** What was read of the crew file, and of agents and tasks in the order in which the crew gets them. */
interface Places {
  readonly crew: Reading | undefined;
  readonly agents: readonly (Reading | undefined)[];
  readonly tasks: readonly Reading[];
}

/** Where the crew's `field` stands, such as `tasks[1].context`. */
function placeIn({ crew, agents, tasks }: Places, field: string): Place | undefined {
  const [, owner, index, inner = ''] = /^(agents|tasks)\[(\d+)\]\.?(.*)$/.exec(field) ?? [];
  if (owner === undefined) return (crew ?? tasks[0])?.placeOf(field);
  return (owner === 'agents' ? agents : tasks)[Number(index)]?.placeOf(inner);
}
