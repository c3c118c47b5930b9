/**
 * What a run's thread asks of the host, answered here: the ledger, guards and the journal are the
 * host's. Whatever is open when the run is over is ended: nothing stays reserved.
 */
import { CancelScope } from '../../base/abort.ts';
import { messageOf } from '../../base/errors.ts';
import type { Estimate, Reservation, Settlement } from '../../ports/meter.ts';
import type { RunContext } from '../../ports/run-context.ts';
import { NO_USAGE } from '../../protocol/usage.ts';
import type { Ask, FromRun, Outcome } from './wire.ts';
import { fromWireError, toWireError } from './wire-error.ts';

/** Back to the run's thread. */
export interface Replies {
  answer(call: number, outcome: Outcome): void;
  /** Asks the thread to do the work of the step. */
  work(call: number): void;
  /** Settles when what the thread has said before is told: what happens here because of what is asked comes behind it. */
  told(): Promise<unknown>;
}

interface Reserved {
  readonly reservation: Reservation;
  readonly estimate: Estimate;
}

/** Of an attempt that was reserved for and never made. */
const NOT_MADE: Settlement = { status: 'aborted', usage: NO_USAGE, source: 'none', costNanoUsd: 0 };

export class HostCalls {
  readonly #replies: Replies;
  readonly #asking = new Map<number, CancelScope>();
  readonly #reserved = new Map<number, Reserved>();
  readonly #steps = new Map<number, PromiseWithResolvers<unknown>>();

  constructor(replies: Replies) {
    this.#replies = replies;
  }

  /** Answers in the context of the span that asks. Never rejects. */
  async answer(call: number, ask: Ask, context: RunContext): Promise<void> {
    const cancel = new CancelScope(context.signal);
    this.#asking.set(call, cancel);
    try {
      const value = await this.#decide(call, ask, context.withSignal(cancel.signal));
      this.#reply(call, { status: 'done', value });
    } catch (error) {
      this.#reply(call, { status: 'failed', error: toWireError(error) });
    } finally {
      cancel.close();
      this.#asking.delete(call);
    }
  }

  receive(message: Extract<FromRun, { readonly type: 'abandon' | 'settle' | 'worked' }>): void {
    const { call } = message;
    switch (message.type) {
      case 'abandon':
        this.#asking.get(call)?.abort(fromWireError(message.reason));
        this.#settle(call, NOT_MADE);
        return;
      case 'settle':
        this.#settle(call, message.settlement);
        return;
      case 'worked': {
        const { outcome } = message;
        if (outcome.status === 'done') this.#steps.get(call)?.resolve(outcome.value);
        else this.#steps.get(call)?.reject(fromWireError(outcome.error));
      }
    }
  }

  /** Ends what is open. An attempt under way may have been worked on, and billed, up to its estimate. */
  close(reason: unknown): void {
    for (const cancel of this.#asking.values()) cancel.abort(reason);
    for (const step of this.#steps.values()) step.reject(reason);
    for (const [call, { estimate }] of this.#reserved) {
      // The estimate does not say which of its tokens are of the answer.
      const usage = { ...NO_USAGE, inputTokens: estimate.tokens, outputTokens: 0 };
      const { costNanoUsd } = estimate;
      this.#settle(call, { status: 'aborted', usage, source: 'estimated', costNanoUsd });
    }
  }

  async #decide(call: number, ask: Ask, context: RunContext): Promise<unknown> {
    switch (ask.kind) {
      case 'reserve': {
        const { attempt, estimate } = ask;
        const { meter, signal } = context;
        const reservation = await meter.reserve({ ...attempt, estimate: () => estimate }, signal);
        this.#reserved.set(call, { reservation, estimate });
        if (signal.aborted) this.#settle(call, NOT_MADE);
        signal.throwIfAborted();
        return null;
      }
      case 'guard':
        return await context.guard(ask.at, ask.subject);
      case 'step':
        return await context.step(ask.name, () => this.#work(call));
      case 'input':
        await this.#replies.told();
        return await context.ask(ask.request);
    }
  }

  async #work(call: number): Promise<unknown> {
    const step = Promise.withResolvers<unknown>();
    this.#steps.set(call, step);
    try {
      this.#replies.work(call);
      return await step.promise;
    } finally {
      this.#steps.delete(call);
    }
  }

  #settle(call: number, settlement: Settlement): void {
    this.#reserved.get(call)?.reservation.settle(settlement);
    this.#reserved.delete(call);
  }

  /** What a guard gave may be more than a port can carry. */
  #reply(call: number, outcome: Outcome): void {
    try {
      this.#replies.answer(call, outcome);
    } catch (error) {
      const reason = new Error(`The answer does not cross to a thread: ${messageOf(error)}`, {
        cause: error,
      });
      this.#replies.answer(call, { status: 'failed', error: toWireError(reason) });
    }
  }
}
