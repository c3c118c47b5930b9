/** Makes the agents, tasks and crew that the files describe. What a constructor refuses is said at its place in the file. */
import {
  Agent,
  type AgentOptions,
  Crew,
  type CrewOptions,
  isRegattaError,
  Task,
  type TaskOptions,
} from '../index.ts';
import type { CodeLoader } from './code.ts';
import type { NameRef } from './fields/field.ts';
import type { Findings } from './findings.ts';
import type { Parts } from './gather.ts';
import { nameOf, type Part, type Reading, readPart } from './part.ts';
import type { Place } from './place.ts';
import { nearest } from './similar.ts';

export interface BuildContext {
  readonly findings: Findings;
  readonly code: CodeLoader;
  /** The crew's name where no file gives one. */
  readonly name: string;
}

/** Undefined after a problem. */
export async function buildCrew(parts: Parts, context: BuildContext): Promise<Crew | undefined> {
  const { findings } = context;
  const crewReading = parts.crew && (await readPart(parts.crew, context));
  const agents = new Map<string, Agent>();
  for (const [key, part] of parts.agents) {
    const agent = await buildAgent(part, context);
    if (agent !== undefined) agents.set(key, agent);
  }
  const readings = new Map<string, Reading>();
  for (const [key, part] of parts.tasks) readings.set(key, await readPart(part, context));
  const tasks = new TaskBuilder({
    parts,
    agents,
    readings,
    findings,
    isManaged: crewReading?.options.process === 'hierarchical',
  });
  const built = [...parts.tasks.keys()].map((key) => tasks.build(key));
  const manager =
    crewReading &&
    lookUp(crewReading.options.managerAgent, { kind: 'agent', known: agents, all: parts.agents, findings });
  if (findings.count > 0) return undefined; // also of those that were found before
  const { managerAgent: _, ...options } = crewReading?.options ?? {};
  const crewOptions = {
    name: context.name,
    ...options,
    ...(manager === undefined ? {} : { managerAgent: manager }),
    agents: parts.members
      .filter((key) => agents.get(key) !== manager)
      .flatMap((key) => agents.get(key) ?? []),
    tasks: built.flatMap((task) => task ?? []),
  };
  const taskParts = [...parts.tasks.values()];
  return make(
    () => new Crew(crewOptions as CrewOptions<readonly Task[]>),
    findings,
    (field) => {
      const index = /^tasks\[(\d+)\]/.exec(field)?.[1];
      return (
        (index === undefined ? crewReading?.placeOf(field) : taskParts[Number(index)]?.place) ??
        taskParts[0]?.place
      );
    },
  );
}

async function buildAgent(part: Part, context: BuildContext): Promise<Agent | undefined> {
  const before = context.findings.count;
  const reading = await readPart(part, context);
  for (const option of ['role', 'goal'] as const) need(part, reading, option, context.findings);
  if (context.findings.count > before) return undefined;
  // Each option was read by the row of the table that is named for it.
  return make(() => new Agent(reading.options as unknown as AgentOptions), context.findings, reading.placeOf);
}

interface TaskParts {
  readonly parts: Parts;
  readonly agents: ReadonlyMap<string, Agent>;
  readonly readings: ReadonlyMap<string, Reading>;
  readonly findings: Findings;
  /** Whether a manager gives tasks to agents. */
  readonly isManaged: boolean;
}

/** Tasks name each other, and a task is made with the tasks it names: each is made after those. */
class TaskBuilder {
  readonly #given: TaskParts;
  readonly #built = new Map<string, Task | undefined>();
  readonly #path: string[] = [];

  constructor(given: TaskParts) {
    this.#given = given;
  }

  /** Undefined after a problem. */
  build(key: string): Task | undefined {
    const { parts, readings, findings } = this.#given;
    if (this.#built.has(key)) return this.#built.get(key);
    const [part, reading] = [parts.tasks.get(key), readings.get(key)];
    if (part === undefined || reading === undefined) return undefined;
    if (this.#path.includes(key)) {
      const circle = [...this.#path.slice(this.#path.indexOf(key)), key].join(' -> ');
      findings.add(
        part.place,
        `Tasks wait for each other: ${circle}. Take one out of the context of another.`,
      );
      return undefined;
    }
    this.#path.push(key);
    const task = this.#make(part, reading);
    this.#path.pop();
    this.#built.set(key, task);
    return task;
  }

  #make(part: Part, reading: Reading): Task | undefined {
    const { findings } = this.#given;
    const before = findings.count;
    for (const option of ['description', 'expectedOutput'] as const) need(part, reading, option, findings);
    const agent = this.#agentOf(part, reading);
    const links = Object.fromEntries(
      ['context', 'after']
        .filter((option) => option in reading.options)
        .map((option) => [option, this.#tasksOf(reading.options[option])]),
    );
    if (!reading.isSound || findings.count > before) return undefined;
    const options = {
      name: part.key,
      ...reading.options,
      ...links,
      ...(agent === undefined ? {} : { agent }),
    };
    return make(() => new Task(options as unknown as TaskOptions<undefined>), findings, reading.placeOf); // as for agents
  }

  #agentOf(part: Part, { options }: Reading): Agent | undefined {
    const { agents, parts, findings, isManaged } = this.#given;
    if (options.agent !== undefined) {
      return lookUp(options.agent, { kind: 'agent', known: agents, all: parts.agents, findings });
    }
    const [only, ...others] = parts.members;
    if (others.length === 0 && only !== undefined) return agents.get(only);
    if (isManaged) return undefined;
    const { key } = part;
    findings.add(
      part.place,
      `${nameOf('task', key)} names no agent. Write agent: ${only ?? 'NAME'} below it${others.length > 0 ? `, or another of ${others.join(', ')}` : ''}; where a file must stay as it is, the crew file can say it: tasks: { ${key}: { agent: ${only ?? 'NAME'} } }.`,
    );
    return undefined;
  }

  #tasksOf(refs: unknown): readonly Task[] {
    const { parts, findings } = this.#given;
    return (refs as readonly NameRef[]).flatMap((ref) => {
      // the kind `names` gives them
      if (parts.tasks.has(ref.name)) return this.build(ref.name) ?? [];
      findings.add(ref.value.place, unknownName('task', ref.name, [...parts.tasks.keys()]));
      return [];
    });
  }
}

interface LookUp<T> {
  readonly kind: 'agent' | 'task';
  readonly known: ReadonlyMap<string, T>;
  /** With those that could not be made: they have their problem already. */
  readonly all: ReadonlyMap<string, unknown>;
  readonly findings: Findings;
}

function lookUp<T>(ref: unknown, { kind, known, all, findings }: LookUp<T>): T | undefined {
  if (ref === undefined) return undefined;
  const { name, value } = ref as NameRef; // the kind `name` gives it
  if (!all.has(name)) findings.add(value.place, unknownName(kind, name, [...all.keys()]));
  return known.get(name);
}

function unknownName(kind: string, name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  return `There is no ${kind} "${name}". ${near === undefined ? `Known are ${known.join(', ') || 'none'}.` : `Did you mean "${near}"?`}`;
}

function need(part: Part, { options, isSound }: Reading, option: string, findings: Findings): void {
  if (option in options || !isSound) return; // a key that is there and wrong has its problem already
  const key = option === 'expectedOutput' ? 'expected_output' : option;
  findings.add(part.place, `${nameOf(part.owner, part.key)} has no ${key}. Write ${key}: below it.`);
}

/** What `create` gives; what it refuses becomes problems at their places. */
function make<T>(
  create: () => T,
  findings: Findings,
  placeOf: (field: string) => Place | undefined,
): T | undefined {
  try {
    return create();
  } catch (error) {
    if (isRegattaError(error, 'definition/invalid')) {
      for (const { field, message } of error.details.problems) addAt(placeOf(field), message, findings);
      return undefined;
    }
    if (!isRegattaError(error)) throw error;
    addAt(placeOf('output'), error.message, findings);
    return undefined;
  }
}

function addAt(place: Place | undefined, message: string, findings: Findings): void {
  if (place === undefined) findings.addTo('crew', message);
  else findings.add(place, message);
}
