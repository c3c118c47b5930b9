/**
 * Schemas of tool arguments and of typed output: Zod, any Standard Schema that can show its JSON
 * Schema, or a raw JSON Schema. Converted once, when the definition is made.
 */
import type { Validator } from '@cfworker/json-schema';
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import { messageOf, type Problem, RegattaError } from './errors.ts';
import { isJsonObject, type Json, type JsonObject, toJson } from './json.ts';
import { show } from './problems.ts';

/** What users may give as a schema. */
export type Schema<Output = unknown> = StandardSchemaV1<unknown, Output> | JsonObject;

/** The type that a schema parses to. A raw JSON Schema says nothing to the compiler: plain JSON. */
export type InferSchema<S> = S extends StandardSchemaV1<infer _Input, infer Output> ? Output : Json;

/** What an answer parses to: by its schema, or undefined without one. */
export type ParsedBy<S extends Schema | undefined> = S extends Schema ? InferSchema<S> : undefined;

export type ParseResult<T> =
  | { readonly isValid: true; readonly value: T }
  | { readonly isValid: false; readonly problems: readonly Problem[] };

/** A schema made ready for use: shown to models as JSON Schema, and applied to what they answer. */
export interface Contract<T = unknown> {
  readonly jsonSchema: JsonObject;
  /** Never rejects for bad data: it answers with the problems. */
  parse(value: unknown): Promise<ParseResult<T>>;
}

/** @throws RegattaError `schema/unsupported` for a schema that cannot be shown to a model. `subject` names its owner. */
export function createContract<T>(schema: Schema<T>, subject: string): Contract<T> {
  if (isStandardSchema(schema)) return standardContract(schema, subject);
  if (isJsonObject(schema)) return jsonSchemaContract(schema) as Contract<T>; // the caller's T for raw JSON Schema is Json
  throw new RegattaError(
    'schema/unsupported',
    `${subject} has no usable schema, got ${show(schema)}. Give a Zod schema, another Standard Schema, or a JSON Schema object.`,
    { subject, vendor: null },
  );
}

function isStandardSchema<T>(schema: unknown): schema is StandardSchemaV1<unknown, T> {
  // Arktype's schemas are functions, Zod's are objects.
  return (
    (typeof schema === 'object' || typeof schema === 'function') && schema !== null && '~standard' in schema
  );
}

function standardContract<T>(schema: StandardSchemaV1<unknown, T>, subject: string): Contract<T> {
  const standard = schema['~standard'] as StandardSchemaV1<unknown, T>['~standard'] &
    Partial<StandardJSONSchemaV1.Props>; // an optional trait of the same object
  if (!standard.jsonSchema) {
    const { vendor } = standard;
    throw new RegattaError(
      'schema/unsupported',
      `${subject} has a ${vendor} schema that cannot show its JSON Schema. Use Zod 4.2 or newer, wrap it (toStandardJsonSchema of @valibot/to-json-schema), or give a JSON Schema object.`,
      { subject, vendor },
    );
  }
  const { vendor } = standard;
  return {
    jsonSchema: showSchema(standard.jsonSchema, { subject, vendor }),
    async parse(value) {
      const result = await standard.validate(value);
      if (!result.issues) return { isValid: true, value: result.value };
      return { isValid: false, problems: result.issues.map((issue) => toProblem(issue, value)) };
    },
  };
}

function showSchema(
  { input }: StandardJSONSchemaV1.Props['jsonSchema'],
  { subject, vendor }: { readonly subject: string; readonly vendor: string },
): JsonObject {
  try {
    const { $schema: _, ...jsonSchema } = toJson(input({ target: 'draft-07' })) as JsonObject; // by the Standard JSON Schema contract
    return Object.freeze(jsonSchema);
  } catch (error) {
    throw new RegattaError(
      'schema/unsupported',
      `${subject} has a ${vendor} schema with a part that JSON Schema cannot say: ${messageOf(error)} Use a part that it can (for a date, a string that is transformed), or give a JSON Schema object.`,
      { subject, vendor },
      { cause: error },
    );
  }
}

function toProblem({ message, path = [] }: StandardSchemaV1.Issue, value: unknown): Problem {
  const keys = path.map((segment) => (typeof segment === 'object' ? segment.key : segment));
  const at = keys.reduce<unknown>(
    (inner, key) => (typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
  return { field: keys.map(String).join('.'), value: show(at), message };
}

function jsonSchemaContract(jsonSchema: JsonObject): Contract<Json> {
  const schema = toJson(jsonSchema) as JsonObject; // the argument is one, and JSON keeps it so
  let opening: Promise<Validator> | undefined;
  return {
    jsonSchema: schema,
    async parse(value) {
      opening ??= openValidator(schema);
      const json = toJson(value);
      const { valid, errors } = (await opening).validate(json);
      if (valid) return { isValid: true, value: json };
      const problems = errors.map(({ instanceLocation, error }) => ({
        field: instanceLocation.replace(/^#\/?/, '').replaceAll('/', '.'),
        value: show(json),
        message: error,
      }));
      return { isValid: false, problems };
    },
  };
}

/** Loaded on use: who gives Standard Schemas never pays for it. */
async function openValidator(schema: JsonObject): Promise<Validator> {
  const { Validator } = await import('@cfworker/json-schema');
  return new Validator(structuredClone(schema), '7', false); // a copy: it writes into what it is given
}

/** Problems as lines for a model or a person. */
export function listProblems(problems: readonly Problem[]): string {
  return problems
    .map(({ field, message }) => `- ${field === '' ? '(whole value)' : field}: ${message}`)
    .join('\n');
}
