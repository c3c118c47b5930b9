/** What a run waits for people to say: each request has a token, and one answer, whoever gives it. */
import { CancelScope, untilAborted } from '../base/abort.ts';
import { toErrorData } from '../base/error-data.ts';
import { isJsonObject, type Json, toJson } from '../base/json.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { InputAnswer, InputAnswers, InputKind, InputRequest, PendingInput } from '../protocol/input.ts';
import type { Activity } from './activity.ts';
import { checkInputAnswer, timeoutError, unknownToken } from './input-answer.ts';
import type { Recording } from './recording.ts';
import { isHeard, type OnUnheardInput } from './unheard.ts';

/**
 * What a run does where a person is needed: waits; or, once nothing else can go on, ends this process's
 * part of it as `suspended`; or asks a function.
 */
export type OnInput = 'wait' | 'suspend' | ((request: PendingInput) => InputAnswer | Promise<InputAnswer>);

export interface InputsOptions {
  readonly runId: string;
  readonly onInput: OnInput;
  readonly activity: Activity;
  readonly recording: Recording | undefined;
  /** For a run that nobody holds. */
  readonly onUnheard: OnUnheardInput | undefined;
}

interface Waiting {
  readonly request: PendingInput;
  readonly resolve: (answer: InputAnswer) => void;
}

/** As it is recorded. A time that is up is an outcome too: an answer that comes later is refused. */
type Outcome = { readonly answer: InputAnswer } | { readonly timedOut: true };

/** Milliseconds between two looks into the journal for an answer of another process. */
const POLL_MS = 500;
const TIMED_OUT = new Error('the time is up');

export class Inputs {
  readonly #options: InputsOptions;
  readonly #waiting = new Map<string, Waiting>();
  #hasWarned = false;

  constructor(options: InputsOptions) {
    this.#options = options;
  }

  get pending(): readonly PendingInput[] {
    return Array.from(this.#waiting.values(), ({ request }) => request);
  }

  /** @throws RegattaError `input/unknown-token` or `input/invalid-answer`. */
  respond(token: string, answer: InputAnswer): void {
    const { resolve } = this.#find(token, answer);
    this.#waiting.delete(token); // before anything else happens: the first answer is the only one
    resolve(answer);
  }

  /** As `respond`, and rejects also where another process has recorded an answer before. */
  async answer(token: string, answer: InputAnswer): Promise<void> {
    const { runId, recording } = this.#options;
    const { resolve } = this.#find(token, answer);
    const isFirst = (await recording?.answer(token, 'input', toJson({ answer }))) ?? true;
    if (!isFirst) throw unknownToken(runId, token);
    this.#waiting.delete(token);
    resolve(answer);
  }

  async ask<Kind extends InputKind>(
    { timeoutMs, ...request }: InputRequest<Kind>,
    context: RunContext,
  ): Promise<InputAnswers[Kind]> {
    const { runId, recording } = this.#options;
    const { span } = context;
    const { id: token, task, agent } = span;
    const answered = Promise.withResolvers<InputAnswer>();
    // It waits before anybody can hear of it, so that no answer is too early.
    const pending = Object.freeze({ ...request, runId, token, task, agent });
    this.#waiting.set(token, { request: pending, resolve: answered.resolve });
    try {
      const earlier = recording?.recorded(token, 'input');
      const askedAtMs = earlier === undefined ? await this.#remember(pending, context) : 0;
      this.#warn(pending, context);
      await context.tell({ type: 'input.start', token, ...request });
      const wait = { pending, answered: answered.promise, timeoutMs, askedAtMs };
      const outcome = (earlier ?? (await this.#settle(wait, context))) as Outcome; // `#settle` recorded it
      if (!('answer' in outcome)) throw timeoutError(token, timeoutMs);
      const { answer } = outcome;
      await context.tell({ type: 'input.end', token, answer, error: null });
      return answer as InputAnswers[Kind]; // checked by who took it, by the kind of the request
    } catch (thrown) {
      await context.tell({ type: 'input.end', token, answer: null, error: toErrorData(thrown) });
      throw thrown;
    } finally {
      this.#waiting.delete(token);
    }
  }

  /** Who may wait for ever is not to do so in silence. */
  #warn(pending: PendingInput, { span }: RunContext): void {
    const { onInput, recording, onUnheard } = this.#options;
    if (this.#hasWarned || onInput !== 'wait' || recording !== undefined || isHeard(span.scope)) return;
    this.#hasWarned = true;
    onUnheard?.(pending);
  }

  #find(token: string, answer: InputAnswer): Waiting {
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) throw unknownToken(this.#options.runId, token);
    checkInputAnswer(waiting.request.kind, answer);
    return waiting;
  }

  /** Lets other processes see what is asked. Gives when it was asked first, in whatever process that was. */
  async #remember(pending: PendingInput, { clock }: RunContext): Promise<number> {
    const { recording } = this.#options;
    const { runId, token, ...request } = pending;
    const asked = recording?.recorded(token, 'asked');
    if (isJsonObject(asked)) return Number(asked.askedAtMs);
    const askedAtMs = clock.now();
    await recording?.record(token, 'asked', toJson({ ...request, askedAtMs }));
    return askedAtMs;
  }

  /** The outcome, recorded before anybody uses it: the first one, where another process had one too. */
  async #settle(wait: Wait, context: RunContext): Promise<Json> {
    const { recording, activity, onInput } = this.#options;
    const { timeoutMs, askedAtMs, pending } = wait;
    const passedMs = Math.max(0, context.clock.now() - askedAtMs);
    const cancel = new CancelScope(context.signal, {
      timeoutMs: timeoutMs === undefined ? undefined : Math.max(0, timeoutMs - passedMs),
      timeoutReason: () => TIMED_OUT,
    });
    const endWait = onInput === 'suspend' ? activity.wait() : undefined;
    try {
      const first = Promise.race(this.#ways(wait, context.withSignal(cancel.signal)));
      const outcome = toJson(await cancel.race(first).catch(asTimeout));
      return recording === undefined ? outcome : await recording.record(pending.token, 'input', outcome);
    } finally {
      endWait?.();
      cancel.abort(new Error('It was answered.')); // ends the looks into the journal
      cancel.close();
    }
  }

  /** Where an answer may come from. */
  #ways({ pending, answered }: Wait, context: RunContext): readonly Promise<Outcome>[] {
    const { onInput, recording } = this.#options;
    const ways: Promise<Outcome>[] = [answered.then((answer) => ({ answer }))];
    if (recording !== undefined) ways.push(elsewhere(recording, pending, context));
    if (typeof onInput === 'function') {
      const asking = context.enter(async () => await onInput(pending));
      ways.push(
        untilAborted(asking, context.signal, context.orphan).then((answer) => {
          checkInputAnswer(pending.kind, answer);
          return { answer };
        }),
      );
    }
    return ways;
  }
}

interface Wait {
  readonly pending: PendingInput;
  readonly answered: Promise<InputAnswer>;
  readonly timeoutMs: number | undefined;
  readonly askedAtMs: number;
}

function asTimeout(thrown: unknown): Outcome {
  if (thrown === TIMED_OUT) return { timedOut: true };
  throw thrown;
}

/** An answer that another process has recorded. */
async function elsewhere(
  recording: Recording,
  { token }: PendingInput,
  { clock, signal }: RunContext,
): Promise<Outcome> {
  while (true) {
    await clock.sleep(POLL_MS, signal);
    const found = await recording.find(token, 'input');
    if (found !== undefined) return found as unknown as Outcome; // `respond` wrote it
  }
}
