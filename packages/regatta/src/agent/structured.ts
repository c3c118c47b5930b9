/** Structured answers of which more is asked than a JSON Schema can say. */
import type { Problem } from '../base/errors.ts';
import type { Json, JsonObject } from '../base/json.ts';
import { show } from '../base/problems.ts';
import { type Contract, createContract } from '../base/schema.ts';

/** What is wrong with a value of the schema; empty = nothing. Goes to the model, which answers again. */
export type Check<T> = (value: T) => readonly Problem[];

export interface StructuredOptions<T> {
  readonly check?: Check<T>;
  /** What the model is shown, where less is taken than it is asked for: a name in another case. @default `schema` */
  readonly shown?: JsonObject;
}

/** `T` is what `schema` describes. A value that `check` finds fault with is no answer, as one of another shape. */
export function structured<T>(
  schema: JsonObject,
  subject: string,
  { check = () => [], shown = schema }: StructuredOptions<T> = {},
): Contract<T> {
  const contract = createContract(schema, subject) as Contract<Json>; // a raw JSON Schema parses to JSON
  return {
    jsonSchema: shown,
    async parse(given) {
      const result = await contract.parse(given);
      if (!result.isValid) return result;
      const value = result.value as T; // the schema says so
      const problems = check(value);
      return problems.length === 0 ? { isValid: true, value } : { isValid: false, problems };
    },
  };
}

export function problem(field: string, value: unknown, message: string): Problem {
  return { field, value: show(value), message };
}
