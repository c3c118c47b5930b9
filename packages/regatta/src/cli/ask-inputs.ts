/** Asks a person at the terminal for inputs that a crew needs and nobody gave. */
import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import type { Inputs } from '../index.ts';
import { parseValue } from './inputs.ts';
import { oneLine } from './text.ts';

export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
}

/**
 * `given` with an answer for each of `names` that it lacks. Nothing is made up: a blank answer is asked
 * for again, and where the input ends the rest stays missing, which the run then says.
 */
export async function askInputs(
  names: readonly string[],
  given: Inputs,
  { input, output }: Terminal,
): Promise<Inputs> {
  const missing = names.filter((name) => !Object.hasOwn(given, name));
  if (missing.length === 0) return given;
  const reader = createInterface({ input, output, terminal: false });
  const lines = reader[Symbol.asyncIterator]();
  const answers: Record<string, unknown> = {};
  try {
    for (const name of missing) {
      const text = await ask(name, lines, output);
      if (text === undefined) break;
      answers[name] = parseValue(text);
    }
  } finally {
    reader.close();
  }
  return { ...given, ...answers };
}

/** Undefined when there are no more lines. */
async function ask(
  name: string,
  lines: AsyncIterator<string>,
  output: Writable,
): Promise<string | undefined> {
  for (;;) {
    output.write(`${oneLine(name)}: `);
    const { done, value } = await lines.next();
    if (done) return undefined;
    const text: string = value.trim();
    if (text !== '') return text;
  }
}

/** Whether there is a person to ask: both ends are a terminal. */
export function canAsk(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}
