/** JSON Schema of the files, for editors: made from the table that the loader reads by. */
import type { JsonObject } from '../index.ts';
import { type Field, type Owner, spellingsOf } from './fields/field.ts';
import { FIELDS } from './fields/table.ts';

/** The files that have a schema. */
export type SchemaName = 'agents' | 'tasks' | 'crew';

const DIALECT = 'http://json-schema.org/draft-07/schema#';

/** The schema of agents.yaml, tasks.yaml or the crew file. Keys of crewAI without an effect are allowed, and marked. */
export function projectSchema(name: SchemaName): JsonObject {
  if (name === 'crew') return { $schema: DIALECT, title: 'Crew of a regatta project', ...crewSchema() };
  const owner = name === 'agents' ? 'agent' : 'task';
  return {
    $schema: DIALECT,
    title: `${owner === 'agent' ? 'Agents' : 'Tasks'} of a regatta project`,
    type: 'object',
    additionalProperties: partSchema(owner, []),
  };
}

function crewSchema(): JsonObject {
  const { properties, ...rest } = partSchema('crew', []);
  return {
    ...rest,
    properties: { ...(properties as JsonObject), agents: partsSchema('agent'), tasks: partsSchema('task') }, // partSchema gives an object there
  };
}

/** Names, or parts by name. What a part lacks may stand in agents.yaml or tasks.yaml. */
function partsSchema(owner: 'agent' | 'task'): JsonObject {
  const named = partSchema(owner, ['name']);
  const part = partSchema(owner, []);
  return {
    anyOf: [
      { type: 'array', items: { anyOf: [{ type: 'string' }, named] } },
      { type: 'object', additionalProperties: { anyOf: [{ type: 'null' }, part] } },
    ],
  };
}

function partSchema(owner: Owner, required: readonly string[]): JsonObject {
  const rows = FIELDS[owner].flatMap((field) =>
    spellingsOf(field).map((key) => [key, fieldSchema(field)] as const),
  );
  const nested: JsonObject =
    owner === 'crew'
      ? {}
      : {
          config: { type: 'object' },
          ...(owner === 'agent' ? { settings: { type: 'object' }, name: { type: 'string' } } : {}),
        };
  return {
    type: 'object',
    properties: { ...Object.fromEntries(rows), ...nested },
    required,
    additionalProperties: false,
  };
}

function fieldSchema(field: Field): JsonObject {
  if ('ignored' in field) return { deprecated: true, description: `No effect. ${field.ignored}` };
  if ('refused' in field) return { deprecated: true, enum: [null, false], description: field.refused };
  const schema = 'isOwn' in field ? field.schema : field.kind.schema;
  // Nothing is as good as no key, as in crewAI's files that list every key.
  return { description: field.doc, anyOf: [{ type: 'null' }, schema] };
}
