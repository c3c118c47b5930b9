/**
 * Tells a model that it asks for the same again and again, and gets the same.
 *
 * Only calls in a row with the same arguments and the same results count: whoever waits for something to
 * change is not told before it has not changed three times, and is never stopped (crewAI #518).
 */
import { stableStringify } from '../base/json.ts';
import type { Message, ToolCallPart, ToolMessage } from '../protocol/message.ts';

interface Turn {
  readonly calls: readonly ToolCallPart[];
  readonly results: readonly ToolMessage[];
}

/** Results first: where they differ, as they nearly always do, arguments need not be written out. */
function isSame(one: Turn, other: Turn): boolean {
  return (
    one.calls.length === other.calls.length &&
    one.results.length === other.results.length &&
    one.results.every(({ content }, index) => content === other.results[index]?.content) &&
    one.calls.every((call, index) => nameOf(call) === nameOf(other.calls[index]))
  );
}

function nameOf(call: ToolCallPart | undefined): string {
  return call === undefined ? '' : `${call.tool} ${call.rawArgs ?? stableStringify(call.args)}`;
}

/** Turns alike until it is told, and again after as many. */
const REPEATS = 3;

export class Repeats {
  #last: Turn | undefined;
  #count = 0;

  /** The messages to be added behind the results of a turn: none, or one that says so. */
  see(calls: readonly ToolCallPart[], results: readonly ToolMessage[]): readonly Message[] {
    const turn = { calls, results };
    this.#count = this.#last !== undefined && isSame(this.#last, turn) ? this.#count + 1 : 1;
    this.#last = turn;
    if (this.#count % REPEATS !== 0) return [];
    const names = [...new Set(calls.map(({ tool }) => `"${tool}"`))].join(', ');
    const content = `You have called ${names} ${this.#count} times in a row with the same arguments, and got the same result each time. Calling again will most likely give the same. Use what you have, try other arguments or another tool, or answer.`;
    return [Object.freeze({ role: 'user', content })];
  }
}
