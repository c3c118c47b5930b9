/** How options with values of their own are written: plans, contexts, files. */
import { resolve } from 'node:path';
import { isNothing, type Pair, textOf, type Value } from '../value.ts';
import type { Kind, ReadContext } from './field.ts';
import { flag, flagOr, isFlag, mapping, oneOf, seconds, text, texts, wholeNumber, wrong } from './kinds.ts';
import { llm } from './llm-kind.ts';

const effort = oneOf(['low', 'medium', 'high']);
const planSettings = mapping({
  effort,
  reasoningEffort: effort,
  maxSteps: wholeNumber(1),
  maxReplans: wholeNumber(0),
  maxStepIterations: wholeNumber(1),
  stepTimeout: seconds,
  stepTimeoutMs: wholeNumber(1),
  llm,
});

/** How an agent plans: a switch, or settings. Those of crewAI have names of their own. */
export const planning: Kind = flagOr({
  schema: planSettings.schema,
  async read(value, context) {
    const read = await planSettings.read(value, context);
    if (read === undefined) return undefined;
    const { reasoningEffort, stepTimeout, ...rest } = read as Readonly<Record<string, unknown>>; // of a mapping
    return {
      ...(reasoningEffort === undefined ? {} : { effort: reasoningEffort }),
      ...(stepTimeout === undefined ? {} : { stepTimeoutMs: stepTimeout }),
      ...rest,
    };
  },
});

/** Whether the tasks of a crew are planned, and by which model. */
export const crewPlanning: Kind = flagOr(mapping({ llm }));

const strategy = oneOf(['full', 'summary', 'none']);
const fields = mapping({ fields: texts });

export const contextStrategy: Kind = {
  schema: { anyOf: [strategy.schema, fields.schema] },
  read: (value, context) => (value.kind === 'mapping' ? fields : strategy).read(value, context),
};

/** A path that begins at the project's folder. */
export const path: Kind = {
  schema: text.schema,
  async read(value, context) {
    const read = await text.read(value, context);
    return typeof read === 'string' ? resolve(context.code.root, read) : undefined;
  },
};

/** crewAI's own are Python's, which nothing else can read. */
export const trainingFile: Kind = {
  schema: path.schema,
  read(value, context) {
    if (textOf(value)?.endsWith('.pkl') !== true) return path.read(value, context);
    return wrong(
      context,
      value,
      'a file of regatta train',
      'Train the crew anew: a .pkl is only for Python.',
    );
  },
};

const LOG_FILE = 'logs.txt';

/** A path, or crewAI's switch. */
export const logFile: Kind = {
  schema: { anyOf: [flag.schema, text.schema] },
  async read(value, context) {
    if (!isFlag(value)) return await path.read(value, context);
    return (await flag.read(value, context)) === true ? resolve(context.code.root, LOG_FILE) : undefined;
  },
};

const fileSettings = mapping({ data: text, path: text, mediaType: text });

/** By name: a path from the project's folder, a URL, or either with its media type. */
export const inputFiles: Kind = {
  schema: {
    type: 'object',
    additionalProperties: { anyOf: [{ type: 'string' }, fileSettings.schema] },
  },
  async read(value, context) {
    if (value.kind !== 'mapping') {
      return wrong(
        context,
        value,
        'a mapping of names to files',
        'Write for example { chart: ./chart.png }.',
      );
    }
    const read = await Promise.all(value.entries.map((pair) => readFile(pair, context)));
    return read.includes(undefined) ? undefined : Object.fromEntries(read.flatMap((one) => one ?? []));
  },
};

async function readFile(
  { key, value }: Pair,
  context: ReadContext,
): Promise<readonly (readonly [string, unknown])[] | undefined> {
  if (isNothing(value)) return [];
  const inner = { ...context, subject: `${key} in ${context.subject}` };
  if (value.kind !== 'mapping') {
    const data = await readPlace(value, inner);
    return data === undefined ? undefined : [[key, data]];
  }
  const read = await fileSettings.read(value, inner);
  if (read === undefined) return undefined;
  const { data, path: at, mediaType } = read as Readonly<Record<string, string | undefined>>; // three texts
  const place = data ?? at;
  if (place === undefined) return wrong(inner, value, 'a file', 'Write its path or URL as data.');
  return [[key, { data: placeOf(place, inner), ...(mediaType === undefined ? {} : { mediaType }) }]];
}

async function readPlace(value: Value, context: ReadContext): Promise<string | undefined> {
  const read = await text.read(value, context);
  return typeof read === 'string' ? placeOf(read, context) : undefined;
}

function placeOf(place: string, { code }: ReadContext): string {
  return /^(https?|data|file):/i.test(place) ? place : resolve(code.root, place);
}

/** crewAI's words for it, beside ours. */
const FAILURE_WORDS: Readonly<Record<string, string>> = { warn: 'answer', ignore: 'answer', raise: 'fail' };
const failure = oneOf(['answer', 'fail', ...Object.keys(FAILURE_WORDS)]);

/** What the failure of a tool comes to. */
export const onToolFailure: Kind = {
  schema: failure.schema,
  async read(value, context) {
    const read = await failure.read(value, context);
    return typeof read === 'string' ? (FAILURE_WORDS[read] ?? read) : undefined;
  },
};
