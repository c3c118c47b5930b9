/** A model whose attempts end in time: at one of their limits, or as soon as the run is cancelled. */
import { CancelScope } from '../base/abort.ts';
import { type ModelFailure, RegattaError } from '../base/errors.ts';
import type { Model, TellNews, Timeouts } from '../ports/model.ts';
import { wrapModel } from './wrap.ts';

export interface TimeLimits extends Omit<Timeouts, 'connectMs'> {
  readonly totalMs: number;
}

/** `firstTokenMs` and `idleMs` count where the answer is streamed: elsewhere it comes in one piece. */
export function timed(model: Model, { totalMs, firstTokenMs, idleMs }: TimeLimits): Model {
  return wrapModel(model, (request, context, tell) => {
    const cancel = new CancelScope(context.signal, {
      timeoutMs: totalMs,
      timeoutReason: () => timeoutError(model.id, 'total', totalMs),
      onOrphan: context.orphan,
    });
    let isOver = false;
    let pause: NodeJS.Timeout | undefined;
    const expect = (which: 'first-token' | 'idle', limitMs: number | undefined): void => {
      if (limitMs === undefined || isOver || !context.wantsDeltas) return;
      pause = setTimeout(() => cancel.abort(timeoutError(model.id, which, limitMs)), limitMs);
    };
    const hear: TellNews = (news) => {
      // Ends a model that is deaf to its signal.
      if (isOver) throw cancel.signal.reason ?? new Error('The call is over: nobody listens.');
      clearTimeout(pause);
      const told = tell(news);
      if (told !== undefined) return told.then(() => expect('idle', idleMs)); // while its reader was busy, the model was not late
      expect('idle', idleMs);
      return undefined;
    };
    const close = (): void => {
      isOver = true;
      clearTimeout(pause);
      cancel.close();
    };
    const fail = (error: unknown): never => {
      close();
      throw error;
    };
    try {
      expect('first-token', firstTokenMs);
      const work = cancel.race(model.call(request, context.withSignal(cancel.signal), hear));
      return work.then((reply) => {
        close();
        return reply;
      }, fail);
    } catch (error) {
      return fail(error); // a model of somebody's may throw at once
    }
  });
}

type Limit = Exclude<NonNullable<ModelFailure['timeout']>, 'connect'>;

const LATE: Readonly<Record<Limit, string>> = {
  'first-token': 'sent no piece of its answer within',
  idle: 'sent nothing more of its answer for',
  total: 'did not finish its answer within',
};
const SETTING: Readonly<Record<Limit, string>> = {
  'first-token': 'timeouts.firstTokenMs',
  idle: 'timeouts.idleMs',
  total: 'timeoutMs',
};

function timeoutError(model: string, timeout: Limit, limitMs: number): RegattaError {
  return new RegattaError(
    'model/timeout',
    `Model "${model}" ${LATE[timeout]} ${limitMs} ms. Raise the LLM's ${SETTING[timeout]}, or ask for less.`,
    { model, status: null, retryable: true, retryAfterMs: null, providerCode: null, timeout },
  );
}
