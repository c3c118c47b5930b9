/**
 * Tools of the demonstration: real work on small data, and a pause as if it came from elsewhere, so
 * that runs overlap even when the model answers at once.
 *
 * Each result names the run that it is for: a result that went to another run would be seen there.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { defineTool, type Json, type JsonObject, type Tool } from '../../index.ts';

/** What the demonstration gives as `kickoff({ context })`. */
export interface DemoContext {
  /** The run's own mark, such as `RUN-a1b2`. */
  readonly marker: string;
}

export interface DemoToolOptions {
  readonly name: string;
  readonly description: string;
  /** The arguments as properties of a JSON Schema; all are required. */
  readonly properties: JsonObject;
  readonly answer: (args: JsonObject) => Json;
}

/** Milliseconds that a tool takes: at least, and at most this much longer. */
const LEAST_MS = 120;
const SPREAD_MS = 420;

export function demoTool({ name, description, properties, answer }: DemoToolOptions): Tool {
  return defineTool<JsonObject, DemoContext>({
    name,
    description,
    input: { type: 'object', properties, required: Object.keys(properties), additionalProperties: false },
    execute: async (args, { context: { marker }, task, signal }) => {
      await pause(LEAST_MS + spread(`${marker} ${task} ${name}`), undefined, { signal });
      return { for: marker, result: answer(args as JsonObject) }; // the schema lets only objects through
    },
  });
}

/** The same for the same text, and for all texts together even: FNV-1a (draft-eastlake-fnv-21). */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash % SPREAD_MS;
}
