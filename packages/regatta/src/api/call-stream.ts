/** A call while it is answered: its pieces in order, and then its result. */
import type { Schema } from '../base/schema.ts';
import type { RunEvent } from '../protocol/event.ts';
import type { ErrorData } from '../protocol/output.ts';
import type { Run } from '../run/run.ts';
import type { CallResult } from './call.ts';
import { type PartReader, readParts } from './read-parts.ts';

/**
 * A piece of an answer. `attempt` counts the requests of the call from 1. A `retry` voids all pieces of
 * its attempt: the answer begins anew with the next one.
 */
export type CallPart =
  | { readonly type: 'text' | 'reasoning'; readonly text: string; readonly attempt: number }
  | {
      readonly type: 'tool-call';
      readonly tool: string;
      /** A piece of the arguments' JSON text. */
      readonly text: string;
      readonly attempt: number;
    }
  | {
      readonly type: 'retry';
      readonly attempt: number;
      /** What is asked next, `provider/model`. */
      readonly model: string;
      readonly delayMs: number;
      /** Why; `output/invalid` for an answer that does not have the shape that was asked for. */
      readonly error: ErrorData;
    };

/**
 * Made by `llm.stream`. The call is under way whether or not anybody reads. Whoever reads the parts and
 * leaves early cancels it; a call that fails throws at the end of its parts, as `result` does.
 */
export class CallStream<Output extends Schema | undefined = undefined> implements AsyncIterable<CallPart> {
  /** The call's run: events, usage, ledger. */
  readonly run: Run<CallResult<Output>>;

  /** @internal */
  constructor(run: Run<CallResult<Output>>) {
    this.run = run;
    Object.freeze(this);
  }

  /** As `llm.call` gives it. Rejects with a RegattaError. */
  get result(): Promise<CallResult<Output>> {
    return this.run.result;
  }

  /** Ends the call, and frees whoever awaits it. Idempotent. */
  cancel(reason?: string): void {
    this.run.cancel(reason);
  }

  /** All parts from the first on. */
  [Symbol.asyncIterator](): AsyncGenerator<CallPart, void, void> {
    return readParts(this.run, new CallReader());
  }
}

/** Reads parts off the events of one run, in their order. */
class CallReader implements PartReader<CallPart> {
  /** Attempts of the model calls before this one: an answer that was sent back is asked for in another call. */
  #before = 0;
  #attempts = 0;
  #model = '';

  read(event: RunEvent): CallPart | undefined {
    switch (event.type) {
      case 'model.start':
        this.#before += this.#attempts;
        this.#attempts = 1;
        this.#model = event.model;
        return undefined;
      case 'model.delta': {
        const { kind, text, tool } = event;
        const attempt = this.#before + event.attempt;
        if (kind === 'tool-call') return { type: kind, tool: tool ?? '', text, attempt };
        return { type: kind, text, attempt };
      }
      case 'model.retry': {
        const { model, delayMs, error } = event;
        this.#attempts = event.attempt + 1;
        return { type: 'retry', attempt: this.#before + event.attempt, model, delayMs, error };
      }
      case 'output.rejected': {
        const attempt = this.#before + this.#attempts;
        return { type: 'retry', attempt, model: this.#model, delayMs: 0, error: rejection(event.problems) };
      }
      default:
        return undefined;
    }
  }
}

function rejection(problems: string): ErrorData {
  const message = `The answer does not match the output schema:\n${problems}`;
  return { code: 'output/invalid', message, details: null };
}
