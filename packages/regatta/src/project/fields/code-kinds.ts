/** How code is written, and what it must be: tools, schemas, functions. */
import type { JsonObject } from '../../index.ts';
import { readCodeRef } from '../code-ref.ts';
import { describe, plainOf, textOf, type Value } from '../value.ts';
import { BUILT_IN_TOOLS, type BuiltInTools } from './built-in-tools.ts';
import type { Kind, ReadContext } from './field.ts';
import { readAll } from './kinds.ts';

const refSchema: JsonObject = {
  anyOf: [
    { type: 'string', description: 'A name, or ./path/of/module.ts#export' },
    {
      type: 'object',
      properties: { module: { type: 'string' }, export: { type: 'string' } },
      required: ['module'],
      additionalProperties: false,
    },
  ],
};

interface CodeOptions {
  /** Where a name alone is looked for. */
  readonly folder: string;
  /** What it must be, as a message says it. */
  readonly wanted: string;
  readonly fits: (value: unknown) => boolean;
}

/** A value that code exports. */
function code({ folder, wanted, fits }: CodeOptions): Kind {
  return {
    schema: refSchema,
    async read(value, { subject, findings, code: loader }) {
      const found = readCodeRef(value);
      if (found === undefined || 'message' in found) {
        const reason =
          found?.message ?? `It is ${describe(value)}. Write a name, or ./path/of/module.ts#export.`;
        findings.add(value.place, `${subject} must name ${wanted} in code. ${reason}`);
        return undefined;
      }
      const loaded = await loader.load(found.ref, folder);
      if (loaded.isLoaded && fits(loaded.value)) return loaded.value;
      findings.add(
        value.place,
        loaded.isLoaded
          ? `${subject} names code that is not ${wanted}. Correct the reference, or what the module exports.`
          : `${subject}: ${loaded.message}`,
      );
      return undefined;
    },
  };
}

/** One, or a list of what `kind` takes. */
function listOf(kind: Kind): Kind {
  return {
    schema: { anyOf: [kind.schema, { type: 'array', items: kind.schema }] },
    read: (value, context) =>
      readAll(value.kind === 'list' ? value.items : [value], (item) => kind.read(item, context)),
  };
}

const isFunction = (value: unknown): boolean => typeof value === 'function';

export const aFunction: Kind = code({ folder: 'hooks', wanted: 'a function', fits: isFunction });

export const hooks: Kind = listOf(aFunction);
/** A function, an object with handlers, or what `callback`, `guard` and `transform` make. */
export const callbacks: Kind = listOf(
  code({
    folder: 'callbacks',
    wanted: 'a callback',
    fits: (value) => isFunction(value) || (typeof value === 'object' && value !== null),
  }),
);

const tool: Kind = code({ folder: 'tools', wanted: 'a tool made by defineTool', fits: isTool });

/** `builtIn` are tools that come with the package, by name. What the project calls so itself wins. */
export function toolsKind(builtIn: BuiltInTools): Kind {
  return {
    schema: { type: 'array', items: refSchema },
    async read(value, context) {
      if (value.kind === 'list') {
        const read = await readAll(value.items, (item) => readTool(item, context, builtIn));
        return read?.flat();
      }
      context.findings.add(
        value.place,
        `${context.subject} must be a list of tools, and is ${describe(value)}. Write for example [./tools/search.ts#search].`,
      );
      return undefined;
    },
  };
}

export const tools: Kind = toolsKind(BUILT_IN_TOOLS);

/** Names of crewAI's own tools, which are Python classes, get a sentence of their own. */
async function readTool(item: Value, context: ReadContext, builtIn: BuiltInTools): Promise<unknown> {
  const { subject, findings, code: loader } = context;
  const written = textOf(item)?.trim() ?? '';
  if (/^[A-Z]\w*Tool$/.test(written)) {
    const message = `${subject}: ${written} is a class of crewAI's tools for Python. Write a tool with defineTool in tools/NAME.ts, and name that.`;
    findings.add(item.place, message);
    return undefined;
  }
  const make = Object.hasOwn(builtIn, written) ? builtIn[written] : undefined;
  if (make === undefined || loader.has(written, 'tools')) return await tool.read(item, context);
  return await make(loader.root);
}

function isTool(value: unknown): boolean {
  return has(value, { name: 'string', execute: 'function', parse: 'function' });
}

/** A text that a model judges by, or a function. */
const guardrail: Kind = {
  schema: refSchema,
  read(value, context) {
    const text = textOf(value)?.trim() ?? '';
    if (/\s/.test(text)) return text;
    return code({ folder: 'guardrails', wanted: 'a function', fits: isFunction }).read(value, context);
  },
};

export const guardrails: Kind = listOf(guardrail);

const schemaInCode: Kind = code({ folder: 'schemas', wanted: 'a schema', fits: isSchema });

/** A schema in code, or a JSON Schema that stands here. */
export const output: Kind = {
  schema: { anyOf: [refSchema, { type: 'object', required: ['type'] }] },
  read(value, context) {
    const isWritten = value.kind === 'mapping' && value.entries.some(({ key }) => key === 'type');
    return isWritten ? plainOf(value) : schemaInCode.read(value, context);
  },
};

function isSchema(value: unknown): boolean {
  if (typeof value === 'function') return '~standard' in value;
  return (
    typeof value === 'object' &&
    value !== null &&
    ('~standard' in value || 'type' in value || 'properties' in value)
  );
}

const isMemory = (value: unknown): boolean => has(value, { name: 'string', recall: 'function' });

/** What agents remember: objects of the port `Memory`. */
export const memories: Kind = listOf(
  code({ folder: 'memory', wanted: 'a memory, with a name and a function recall', fits: isMemory }),
);
/** What agents look up: memories that nothing is added to. */
export const knowledge: Kind = listOf(
  code({ folder: 'knowledge', wanted: 'knowledge, with a name and a function recall', fits: isMemory }),
);
/** Objects of the port `Skill`. */
export const skills: Kind = listOf(
  code({
    folder: 'skills',
    wanted: 'a skill, with a name, a description and a function load',
    fits: (value) => has(value, { name: 'string', description: 'string', load: 'function' }),
  }),
);

function has(value: unknown, members: Readonly<Record<string, string>>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const object = value as Readonly<Record<string, unknown>>; // an object may be asked for any field
  return Object.entries(members).every(([member, type]) => typeof object[member] === type);
}

/** Who wins a consensus: `judge`, `vote`, or a function that says it. */
export const decide: Kind = {
  schema: { anyOf: [{ enum: ['judge', 'vote'] }, refSchema] },
  read: (value, context) => {
    const word = textOf(value)?.trim().toLowerCase() ?? '';
    return word === 'judge' || word === 'vote' ? word : aFunction.read(value, context);
  },
};
