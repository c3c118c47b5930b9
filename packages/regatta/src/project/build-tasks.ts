/** Makes the tasks of a project. They name each other, and a task is made with the tasks it names: each is made after those. */
import { type Agent, Task, type TaskOptions } from '../index.ts';
import type { NameRef } from './fields/field.ts';
import type { Findings } from './findings.ts';
import type { Parts } from './gather.ts';
import { lookUp, make, need, unknownName } from './make.ts';
import { nameOf, type Part, type Reading } from './part.ts';

export interface TaskParts {
  readonly parts: Parts;
  readonly agents: ReadonlyMap<string, Agent>;
  readonly readings: ReadonlyMap<string, Reading>;
  readonly findings: Findings;
  /** Whether a task may do without an agent: a manager, or all agents together, see to it. */
  readonly isShared: boolean;
}

export class TaskBuilder {
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
    const team = this.#agentsOf(reading);
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
      ...(team === undefined ? {} : { agents: team }),
    };
    return make(() => new Task(options as unknown as TaskOptions<undefined>), findings, reading.placeOf); // as for agents
  }

  #agentOf(part: Part, { options }: Reading): Agent | undefined {
    const { agents, parts, findings, isShared } = this.#given;
    if (options.agent !== undefined) {
      return lookUp(options.agent, { kind: 'agent', known: agents, all: parts.agents, findings });
    }
    if (options.agents !== undefined && isShared) return undefined;
    const [only, ...others] = parts.members;
    if (others.length === 0 && only !== undefined) return agents.get(only);
    if (isShared) return undefined;
    const { key } = part;
    findings.add(
      part.place,
      `${nameOf('task', key)} names no agent. Write agent: ${only ?? 'NAME'} below it${others.length > 0 ? `, or another of ${others.join(', ')}` : ''}; where a file must stay as it is, the crew file can say it: tasks: { ${key}: { agent: ${only ?? 'NAME'} } }.`,
    );
    return undefined;
  }

  #agentsOf({ options }: Reading): readonly Agent[] | undefined {
    const { agents, parts, findings } = this.#given;
    const refs = options.agents as readonly NameRef[] | undefined; // the kind `names` gives them
    return refs?.flatMap(
      (ref) => lookUp(ref, { kind: 'agent', known: agents, all: parts.agents, findings }) ?? [],
    );
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
