/** Two JSON Schemas that must both hold, as one. */
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';

/** Properties and required names add up, limits take the narrower one, of the rest `other` wins. */
export function mergeSchemas(schema: JsonObject, other: Json | undefined): JsonObject {
  if (!isJsonObject(other)) return schema;
  const merged: Record<string, Json> = { ...schema, ...other };
  for (const key of Object.keys(other)) {
    const [mine, theirs] = [schema[key], other[key]];
    if (key === 'properties' && isJsonObject(mine) && isJsonObject(theirs))
      merged[key] = { ...mine, ...theirs };
    else if (key === 'required' && Array.isArray(mine) && Array.isArray(theirs))
      merged[key] = [...mine, ...theirs];
    else if (key === 'enum' && Array.isArray(mine) && Array.isArray(theirs))
      merged[key] = mine.filter((value) => theirs.includes(value));
    else if (typeof mine === 'number' && typeof theirs === 'number')
      merged[key] = /^(exclusiveM|m)in/.test(key) ? Math.max(mine, theirs) : Math.min(mine, theirs);
  }
  return merged;
}
