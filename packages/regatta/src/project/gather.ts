/**
 * The agents, tasks and crew of a project, from all its files.
 *
 * What the crew file says of an agent or a task is laid over what agents.yaml and tasks.yaml say, so
 * that crewAI's files stay as they are, and what their Python code added stands in the crew file.
 */
import { basename } from 'node:path';
import type { Owner } from './fields/field.ts';
import type { ProjectFiles } from './find-files.ts';
import { readSource } from './find-files.ts';
import type { Findings } from './findings.ts';
import { parseSource } from './parse.ts';
import { nameOf, overlay, type Part, toPart } from './part.ts';
import type { Place } from './place.ts';
import { nearest } from './similar.ts';
import { isNothing, type Mapping, type Pair, plainOf, textOf, type Value } from './value.ts';

export interface Parts {
  /** By key, in the order of the crew. Those that only manage it are among them. */
  readonly agents: ReadonlyMap<string, Part>;
  /** Keys of the agents that take part. */
  readonly members: readonly string[];
  readonly tasks: ReadonlyMap<string, Part>;
  readonly crew: Part | undefined;
  /** Keys of the crew file that the loader reads itself. */
  readonly own: ReadonlyMap<string, Pair>;
}

export async function gatherParts(files: ProjectFiles, findings: Findings): Promise<Parts> {
  const read = async (path: string): Promise<Value | undefined> =>
    await parseSource(readSource(files.root, path), findings);
  const readMapping = async (path: string | undefined): Promise<Mapping | undefined> => {
    const value = path === undefined ? undefined : await read(path);
    if (value === undefined || value.kind === 'mapping') return value;
    findings.add(
      value.place,
      'The file must be a mapping at its top. Begin its lines with keys, as in researcher:.',
    );
    return undefined;
  };
  const crewFile = await readMapping(files.crew);
  const agents = new Map(partsOf('agent', await readMapping(files.agents), findings));
  for (const path of files.agentFiles) {
    const value = await readMapping(path);
    const key = basename(path).replace(/\.\w+$/, '');
    const part = value && toPart({ owner: 'agent', key, place: value.place }, value, findings);
    if (part !== undefined) agents.set(key, part);
  }
  const tasks = new Map(partsOf('task', await readMapping(files.tasks), findings));
  const own = new Map((crewFile?.entries ?? []).map((pair) => [pair.key, pair]));
  const members = layOver('agent', { file: agents, over: own.get('agents') }, findings);
  const chosen = layOver('task', { file: tasks, over: own.get('tasks') }, findings);
  return {
    agents: new Map([...members, ...agents].map(([key, part]) => [key, members.get(key) ?? part])),
    members: [...members.keys()],
    tasks: chosen,
    crew: crewFile && toPart({ owner: 'crew', key: 'crew', place: crewFile.place }, crewFile, findings),
    own,
  };
}

function partsOf(
  owner: Owner,
  mapping: Mapping | undefined,
  findings: Findings,
): readonly (readonly [string, Part])[] {
  return (mapping?.entries ?? []).flatMap(({ key, place, value }) => {
    const part = toPart({ owner, key, place }, value, findings);
    return part === undefined ? [] : [[key, part] as const];
  });
}

interface Layers {
  readonly file: ReadonlyMap<string, Part>;
  /** `agents` or `tasks` of the crew file. */
  readonly over: Pair | undefined;
}

/** A list chooses, in its order; a mapping adds. */
function layOver(owner: Owner, { file, over }: Layers, findings: Findings): ReadonlyMap<string, Part> {
  if (over === undefined || isNothing(over.value)) return file;
  const { value, place } = over;
  if (value.kind === 'mapping') {
    const added = value.entries.map((pair) =>
      lay(owner, { file, key: pair.key, place: pair.place, value: pair.value }, findings),
    );
    return new Map([...file, ...added.filter((one) => one !== undefined)]);
  }
  if (value.kind === 'list') {
    const chosen = value.items.map((item) => {
      const { key, rest } = namedItem(owner, item);
      if (key !== undefined) return lay(owner, { file, key, place: item.place, value: rest }, findings);
      findings.add(
        item.place,
        `The ${owner} has no name here. Give it one, as in name: ${owner === 'agent' ? 'writer' : 'report'}.`,
      );
      return undefined;
    });
    const keys = new Set<string>();
    for (const [key, part] of chosen.filter((one) => one !== undefined)) {
      if (keys.has(key))
        findings.add(part.place, `${nameOf(owner, key)} stands here twice. Take one of them out.`);
      keys.add(key);
    }
    return new Map(chosen.filter((one) => one !== undefined));
  }
  findings.add(
    place,
    `${owner}s must be a list of names, or a mapping. Write for example ${owner}s: [${[...file.keys()].join(', ')}].`,
  );
  return file;
}

/** `writer`, or a mapping with `name`. */
function namedItem(owner: Owner, item: Value): { readonly key: string | undefined; readonly rest: Value } {
  if (item.kind !== 'mapping')
    return { key: textOf(item), rest: { kind: 'scalar', value: null, place: item.place } };
  const named = item.entries.find(({ key }) => key === 'name');
  const key = named === undefined ? undefined : String(plainOf(named.value));
  const rest = owner === 'agent' ? { ...item, entries: item.entries.filter((pair) => pair !== named) } : item;
  return { key, rest };
}

function lay(
  owner: Owner,
  {
    file,
    key,
    place,
    value,
  }: { readonly file: Layers['file']; readonly key: string; readonly place: Place; readonly value: Value },
  findings: Findings,
): readonly [string, Part] | undefined {
  const base = file.get(key);
  if (isNothing(value)) {
    if (base !== undefined) return [key, base];
    const near = nearest(key, [...file.keys()]);
    const mend =
      near !== undefined
        ? `Did you mean "${near}"?`
        : file.size > 0
          ? `Known are ${[...file.keys()].join(', ')}.`
          : `Write what it is in ${owner}s.yaml.`;
    findings.add(place, `${nameOf(owner, key)} is not in the project. ${mend}`);
    return undefined;
  }
  const part = toPart({ owner, key, place }, value, findings);
  if (part === undefined || base === undefined) return part && [key, part];
  return [key, { ...base, pairs: overlay(owner, base.pairs, part.pairs) }];
}
