/** A model whose attempts end in time: at their deadline, or as soon as the run is cancelled. */
import { CancelScope } from '../base/abort.ts';
import { RegattaError } from '../base/errors.ts';
import type { Model, ModelReply } from '../ports/model.ts';
import { wrapModel } from './wrap.ts';

export function timed(model: Model, timeoutMs: number): Model {
  return wrapModel(model, async function* (request, context) {
    const cancel = new CancelScope(context.signal, {
      timeoutMs,
      timeoutReason: () => timeoutError(model.id, timeoutMs),
      onOrphan: context.orphan,
    });
    const news = model.call(request, context.withSignal(cancel.signal));
    let isDone = false;
    try {
      while (true) {
        const next = await cancel.race(news.next());
        if (next.done) {
          isDone = true;
          return next.value;
        }
        yield next.value;
      }
    } finally {
      cancel.close();
      // Lets the model clean up. Not awaited: it may be deaf to its signal, and the caller is free.
      if (!isDone) news.return(undefined as unknown as ModelReply).catch(() => undefined); // its value is not read; its failure is the one already thrown
    }
  });
}

function timeoutError(model: string, timeoutMs: number): RegattaError {
  return new RegattaError(
    'model/timeout',
    `Model "${model}" did not finish its answer within ${timeoutMs} ms. Raise the LLM's timeoutMs, or ask for less.`,
    { model, status: null, retryable: true, retryAfterMs: null, providerCode: null },
  );
}
