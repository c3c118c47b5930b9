/** A model whose attempts end in time: at one of their limits, or as soon as the run is cancelled. */
import { CancelScope } from '../base/abort.ts';
import { type ModelFailure, RegattaError } from '../base/errors.ts';
import type { Model, ModelReply, Timeouts } from '../ports/model.ts';
import { wrapModel } from './wrap.ts';

export interface TimeLimits extends Omit<Timeouts, 'connectMs'> {
  readonly totalMs: number;
}

/** `firstTokenMs` and `idleMs` count where the answer is streamed: elsewhere it comes in one piece. */
export function timed(model: Model, { totalMs, firstTokenMs, idleMs }: TimeLimits): Model {
  return wrapModel(model, async function* (request, context) {
    const cancel = new CancelScope(context.signal, {
      timeoutMs: totalMs,
      timeoutReason: () => timeoutError(model.id, 'total', totalMs),
      onOrphan: context.orphan,
    });
    let pause: NodeJS.Timeout | undefined;
    const expect = (which: 'first-token' | 'idle', limitMs: number | undefined): void => {
      if (limitMs === undefined || !context.wantsDeltas) return;
      pause = setTimeout(() => cancel.abort(timeoutError(model.id, which, limitMs)), limitMs);
    };
    const news = model.call(request, context.withSignal(cancel.signal));
    let isDone = false;
    try {
      expect('first-token', firstTokenMs);
      while (true) {
        const next = await cancel.race(news.next());
        clearTimeout(pause);
        if (next.done) {
          isDone = true;
          return next.value;
        }
        yield next.value;
        expect('idle', idleMs); // while its reader was busy, the model was not late
      }
    } finally {
      clearTimeout(pause);
      cancel.close();
      // Lets the model clean up. Not awaited: it may be deaf to its signal, and the caller is free.
      if (!isDone) news.return(undefined as unknown as ModelReply).catch(() => undefined); // its value is not read; its failure is the one already thrown
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
