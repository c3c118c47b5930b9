/**
 * Tells a model that it asks for the same again and again, and gets the same.
 *
 * Only calls in a row with the same arguments and the same results count: whoever waits for something to
 * change is not told before it has not changed three times, and is never stopped (crewAI #518).
 */
import { stableStringify } from '../base/json.ts';
import type { Message, ToolCallPart, ToolMessage } from '../protocol/message.ts';

/** Turns alike until it is told, and again after as many. */
const REPEATS = 3;

export class Repeats {
  #last = '';
  #count = 0;

  /** The messages to be added behind the results of a turn: none, or one that says so. */
  see(calls: readonly ToolCallPart[], results: readonly ToolMessage[]): readonly Message[] {
    const key = JSON.stringify([
      calls.map(({ tool, args, rawArgs }) => [tool, rawArgs ?? stableStringify(args)]),
      results.map(({ content }) => content),
    ]);
    this.#count = key === this.#last ? this.#count + 1 : 1;
    this.#last = key;
    if (this.#count % REPEATS !== 0) return [];
    const names = [...new Set(calls.map(({ tool }) => `"${tool}"`))].join(', ');
    const content = `You have called ${names} ${this.#count} times in a row with the same arguments, and got the same result each time. Calling again will most likely give the same. Use what you have, try other arguments or another tool, or answer.`;
    return [Object.freeze({ role: 'user', content })];
  }
}
