/** Which JSON Schemas OpenAI takes as strict. */
import { isJsonObject, type Json, type JsonObject } from '../../base/json.ts';

/** Not supported when strict: https://platform.openai.com/docs/guides/structured-outputs#supported-schemas */
const REFUSED = ['allOf', 'oneOf', 'not', 'if', 'dependentRequired', 'dependentSchemas', 'patternProperties'];

/**
 * Whether `schema` is an object that leaves nothing open: every object in it requires all its properties
 * and allows no others. The answer to any other schema is only asked for, and checked when it comes.
 */
export function isStrict(schema: JsonObject): boolean {
  return schema.type === 'object' && isClosed(schema);
}

function isClosed(schema: Json): boolean {
  if (Array.isArray(schema)) return schema.every(isClosed);
  if (!isJsonObject(schema)) return true;
  if (REFUSED.some((keyword) => keyword in schema)) return false;
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const required: readonly Json[] = Array.isArray(schema.required) ? schema.required : [];
  const isObject = schema.type === 'object' || schema.properties !== undefined;
  if (isObject && schema.additionalProperties !== false) return false;
  if (!Object.keys(properties).every((name) => required.includes(name))) return false;
  return [
    ...Object.values(properties),
    schema.items ?? true,
    schema.anyOf ?? true,
    ...definitionsOf(schema),
  ].every(isClosed);
}

function definitionsOf({ $defs, definitions }: JsonObject): readonly Json[] {
  return [$defs, definitions].flatMap((named) => (isJsonObject(named) ? Object.values(named) : []));
}
