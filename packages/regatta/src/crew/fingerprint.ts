/**
 * What a crew, or an agent without one, says, as short hashes: so that a run that was recorded with one definition is not gone on
 * with by another.
 *
 * It sees texts, schemas, names, numbers and models. It does not see what functions do.
 */
import { createHash } from 'node:crypto';
import type { AgentDefinition } from '../agent/definition.ts';
import { isJsonObject, type Json, stableStringify } from '../base/json.ts';
import { Secret } from '../base/secret.ts';
import type { Fingerprint } from '../ports/journal.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Tool } from '../ports/tool.ts';
import { type CrewDefinition, nameOf, type TaskDefinition } from './definition.ts';

/** Who hears, what bounds, and where things are: none of it changes what a record means. Nor may keys be hashed. */
const UNSEEN: ReadonlySet<string> = new Set([
  ...['scope', 'plan', 'createContext', 'ref', 'budget', 'limits', 'name', 'agents', 'agent'],
  ...['apiKey', 'headers', 'fetch', 'baseURL', 'cache', 'timeoutMs', 'timeouts', 'retry', 'circuit', 'price'],
  ...['callbacks', 'providerOptions', 'maxExecutionTimeMs', 'maxRpm'],
  ...['outputDirectory', 'concurrency', 'onTaskFailure', 'outputLogFile'],
]);
const HASH_CHARS = 10;
const MAX_DEPTH = 12;

type Fields = Readonly<Record<string, string>>;

export function fingerprintOf(crew: CrewDefinition, defaultLlm: LlmDefinition | undefined): Fingerprint {
  const parts: Record<string, Fields> = {};
  const add = (name: string, fields: Fields): void => {
    let free = name;
    for (let count = 2; free in parts && parts[free] !== fields; count++) free = `${name} (${count})`;
    parts[free] = fields;
  };
  const llmOf = (agent: AgentDefinition): LlmDefinition | undefined => agent.llm ?? crew.llm ?? defaultLlm;
  const agents = new Map(
    crew.agents.map((agent) => [agent, fieldsOf({ ...agent, llm: llmOf(agent), tools: undefined })]),
  );
  const tools = toolFields([...crew.agents, ...crew.tasks].flatMap((owner) => owner.tools ?? []));
  const names = crew.tasks.map(nameOf);
  add('crew', fieldsOf({ ...crew, tasks: names, version: crew.ref?.version }));
  for (const [{ role }, fields] of agents) add(`agent "${role}"`, fields);
  for (const [{ name }, fields] of tools) add(`tool "${name}"`, fields);
  for (const [index, task] of crew.tasks.entries()) {
    const { agent } = task;
    const own = agent === undefined ? {} : { agent: hash({ ...agents.get(agent) }) };
    const used = (task.tools ?? agent?.tools ?? []).map((tool) => ({ ...tools.get(tool) }));
    // With what it works with, so that a task can be compared alone.
    add(taskPart(names[index] ?? ''), {
      ...fieldsOf({ ...task, tools: undefined, context: contextOf(task, crew.tasks) }),
      ...own,
      tools: hash(used),
    });
  }
  return parts;
}

/** Of an agent that is asked without a crew. `terms` is how it is to answer: shape, guardrails. */
export function agentFingerprint(
  agent: AgentDefinition,
  { terms, defaultLlm }: { readonly terms: object; readonly defaultLlm: LlmDefinition | undefined },
): Fingerprint {
  const llm = agent.llm ?? defaultLlm;
  const tools = Array.from(
    toolFields(agent.tools),
    ([{ name }, fields]) => [`tool "${name}"`, fields] as const,
  );
  return {
    [`agent "${agent.role}"`]: fieldsOf({ ...agent, llm, tools: undefined }),
    ...Object.fromEntries(tools),
    kickoff: fieldsOf({ ...terms }),
  };
}

function toolFields(tools: readonly Tool[]): ReadonlyMap<Tool, Fields> {
  const fields = new Map<Tool, Fields>();
  for (const tool of tools)
    if (!fields.has(tool)) fields.set(tool, fieldsOf(describe(tool) as Record<string, unknown>)); // a tool is an object
  return fields;
}

/** The part of a fingerprint that a task is. */
export function taskPart(name: string): string {
  return `task "${name}"`;
}

function contextOf({ context }: TaskDefinition, tasks: readonly TaskDefinition[]): Json {
  return context === undefined ? null : context.map((task) => nameOf(task, tasks.indexOf(task)));
}

function fieldsOf(object: Readonly<Record<string, unknown>>): Fields {
  const seen = Object.entries(object).filter(([name, value]) => value !== undefined && !UNSEEN.has(name));
  return Object.fromEntries(seen.map(([name, value]) => [name, hash(describe(value))]));
}

function hash(value: Json): string {
  return createHash('sha256').update(stableStringify(value)).digest('base64url').slice(0, HASH_CHARS);
}

/** What can be told of a value, as JSON. */
function describe(value: unknown, depth = 0): Json {
  if (value === null || value === undefined || value instanceof Secret) return null;
  if (typeof value === 'function') return 'function';
  if (typeof value !== 'object') return typeof value === 'bigint' ? String(value) : (value as Json); // a primitive
  if (depth > MAX_DEPTH) return null;
  if (Array.isArray(value)) return value.map((one) => describe(one, depth + 1));
  if ('parse' in value && 'inputSchema' in value) {
    const { name, description, inputSchema } = value as unknown as Tool; // it has a tool's shape
    return { name, description, inputSchema };
  }
  if ('parse' in value && 'jsonSchema' in value && isJsonObject(value.jsonSchema)) return value.jsonSchema;
  if ('role' in value && 'goal' in value) return String(value.role);
  if ('recall' in value && 'name' in value) return String(value.name); // what a memory holds changes
  if ('model' in value && 'settings' in value) return describeLlm(value as unknown as LlmDefinition, depth);
  const fields = Object.entries(value).filter(([name, field]) => field !== undefined && !UNSEEN.has(name));
  return Object.fromEntries(fields.map(([name, field]) => [name, describe(field, depth + 1)]));
}

function describeLlm({ model, settings, fallback }: LlmDefinition, depth: number): Json {
  const id = typeof model === 'string' ? model : 'id' in model ? String(model.id) : 'object';
  return {
    model: id,
    settings: describe(settings, depth + 1),
    fallback: fallback.map((one) => describe(one, depth + 1)),
  };
}
