/**
 * Values that fit a JSON Schema, always the same for the same schema.
 *
 * The value is made to fit, and checked. Where schemas have alternatives, the first one that gives a
 * fitting value is taken.
 */
import { isJsonObject, type Json, type JsonObject } from '../base/json.ts';
import { mergeSchemas } from './merge-schemas.ts';
import { sampleNumber } from './sample-number.ts';
import { sampleString } from './sample-string.ts';

export interface SampleOptions {
  /** Goes into strings that ask for a topic, such as `query`. */
  readonly topic?: string;
}

/** Alternatives tried. Each `anyOf` and `oneOf` moves on by one with each try. */
const TRIES = 12;
/** From here on optional properties and items are left out, so that a recursive schema ends. */
const DEEP = 4;
/** And from here on everything: a schema that requires itself has no value that fits. */
const TOO_DEEP = 10;
/** A schema may ask for any number of items; a rehearsal need not follow it into the millions. */
const MOST_ITEMS = 1000;

/** Fits `schema`; for one that nothing found here fits, the closest value. */
export async function sampleJson(schema: JsonObject, { topic = '' }: SampleOptions = {}): Promise<Json> {
  const { Validator } = await import('@cfworker/json-schema'); // only for who rehearses
  const validator = new Validator(structuredClone(schema), '2020-12', true);
  const fits = (value: Json): boolean => {
    try {
      return validator.validate(value).valid;
    } catch {
      return true; // the validator cannot read the schema, so nobody can say better
    }
  };
  let first: Json | undefined;
  for (let choice = 0; choice < TRIES; choice++) {
    const value = new Sample(schema, topic, choice).value();
    if (fits(value)) return value;
    first ??= value;
  }
  return first ?? null;
}

/** Where in the value a sample is made. */
interface Place {
  readonly name: string;
  readonly depth: number;
  /** Of an item in its array. */
  readonly index: number;
}

class Sample {
  readonly #root: JsonObject;
  readonly #topic: string;
  readonly #choice: number;

  constructor(root: JsonObject, topic: string, choice: number) {
    this.#root = root;
    this.#topic = topic;
    this.#choice = choice;
  }

  value(): Json {
    return this.#sample(this.#root, { name: 'value', depth: 0, index: 0 });
  }

  #sample(given: Json | undefined, place: Place): Json {
    if (place.depth > TOO_DEEP) return null;
    const schema = this.#flatten(given, place.depth);
    if (schema.const !== undefined) return schema.const;
    if (Array.isArray(schema.enum))
      return schema.enum[(place.index + this.#choice) % schema.enum.length] ?? null;
    const example = this.#choice === 0 && place.index === 0 ? exampleOf(schema) : undefined;
    if (example !== undefined) return example;
    switch (this.#typeOf(schema)) {
      case 'object':
        return this.#object(schema, place);
      case 'array':
        return this.#array(schema, place);
      case 'integer':
      case 'number':
        return sampleNumber(schema, place.index);
      case 'boolean':
        return true;
      case 'null':
        return null;
      default:
        return sampleString(schema, place.name, { index: place.index, topic: this.#topic });
    }
  }

  /** The schema with its references, `allOf` and the chosen alternative merged in. */
  #flatten(given: Json | undefined, depth: number): JsonObject {
    let schema = isJsonObject(given) ? given : {};
    for (let steps = 0; steps < 20; steps++) {
      const { $ref, allOf, anyOf, oneOf, ...rest } = schema;
      if (typeof $ref === 'string')
        schema = mergeSchemas({ ...rest, ...pick({ allOf, anyOf, oneOf }) }, this.#resolve($ref));
      else if (Array.isArray(allOf))
        schema = allOf.reduce<JsonObject>(mergeSchemas, { ...rest, ...pick({ anyOf, oneOf }) });
      else if (Array.isArray(anyOf))
        schema = mergeSchemas({ ...rest, ...pick({ oneOf }) }, this.#choose(anyOf, depth));
      else if (Array.isArray(oneOf)) schema = mergeSchemas(rest, this.#choose(oneOf, depth));
      else return schema;
    }
    return {}; // a reference to itself
  }

  #resolve(reference: string): Json | undefined {
    const path = reference
      .replace(/^#\/?/, '')
      .split('/')
      .filter((key) => key !== '');
    return path.reduce<Json | undefined>((inner, key) => {
      const name = decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~');
      return isJsonObject(inner) ? inner[name] : undefined;
    }, this.#root);
  }

  /** Deep inside, an alternative that ends the recursion comes first. */
  #choose(alternatives: readonly Json[], depth: number): Json | undefined {
    const isLeaf = (option: Json): boolean =>
      isJsonObject(option) && !('$ref' in option) && !('properties' in option) && !('items' in option);
    const ordered =
      depth < DEEP ? alternatives : alternatives.toSorted((a, b) => Number(isLeaf(b)) - Number(isLeaf(a)));
    return ordered[this.#choice % ordered.length];
  }

  #typeOf({ type, ...schema }: JsonObject): Json {
    if (Array.isArray(type)) return type[this.#choice % type.length] ?? 'string';
    if (type !== undefined) return type;
    if ('properties' in schema || 'required' in schema || 'additionalProperties' in schema) return 'object';
    if ('items' in schema || 'prefixItems' in schema) return 'array';
    const isNumber = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'].some(
      (key) => key in schema,
    );
    return isNumber ? 'number' : 'string';
  }

  #object(schema: JsonObject, { depth }: Place): JsonObject {
    const properties = isJsonObject(schema.properties) ? schema.properties : {};
    const required: readonly Json[] = Array.isArray(schema.required) ? schema.required : [];
    const value: Record<string, Json> = {};
    const add = (name: string, inner: Json | undefined): void => {
      value[name] = this.#sample(inner, { name, depth: depth + 1, index: 0 });
    };
    for (const [name, inner] of Object.entries(properties)) {
      if (inner !== false && (depth < DEEP || required.includes(name))) add(name, inner);
    }
    const { additionalProperties: extra } = schema;
    for (const name of required) if (typeof name === 'string' && !(name in value)) add(name, extra);
    // A map without known keys says more with one entry than empty.
    const wanted = Math.max(Number(schema.minProperties ?? 0), isJsonObject(extra) && depth < DEEP ? 1 : 0);
    for (let index = 0; Object.keys(value).length < wanted && index < Math.min(wanted, MOST_ITEMS); index++) {
      const key = this.#sample(schema.propertyNames ?? {}, { name: 'key', depth: depth + 1, index });
      if (extra !== false) add(String(key), extra);
    }
    return value;
  }

  #array(schema: JsonObject, { name, depth }: Place): Json {
    const { items, prefixItems, additionalItems, contains } = schema;
    const tuple = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : [];
    const rest = Array.isArray(items) ? additionalItems : items;
    const least = Math.max(Number(schema.minItems ?? 0), contains === undefined ? 0 : 1);
    const wanted = Math.max(
      least,
      tuple.length,
      // Who writes `minItems: 0` says that none is a good answer.
      depth < DEEP && rest !== false && items !== undefined && schema.minItems !== 0 ? 1 : 0,
    );
    const length = Math.min(wanted, Number(schema.maxItems ?? wanted), MOST_ITEMS);
    const place = { name: singular(name), depth: depth + 1 };
    return Array.from({ length }, (_, index) =>
      this.#sample(tuple[index] ?? contains ?? rest, { ...place, index }),
    );
  }
}

function exampleOf(schema: JsonObject): Json | undefined {
  if (Array.isArray(schema.examples)) return schema.examples[0];
  return schema.example ?? schema.default;
}

function pick(fields: Readonly<Record<string, Json | undefined>>): JsonObject {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as JsonObject; // only undefined is gone
}

function singular(name: string): string {
  return name.replace(/ies$/, 'y').replace(/([^s])s$/, '$1');
}
