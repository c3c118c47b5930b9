/**
 * A model whose replies are recorded before anybody uses them. A repeated run gets the recorded
 * reply: the model is not called, and nothing is billed.
 */
import { Channel } from '../base/channel.ts';
import type { Model, ModelEvent } from '../ports/model.ts';
import { wrapModel } from './wrap.ts';

export function journaled(model: Model): Model {
  return wrapModel(model, async function* (request, context) {
    const news = new Channel<ModelEvent>();
    let isDone = false;
    const reply = context
      .step('model', async () => {
        const live = model.call(request, context);
        while (true) {
          const next = await live.next();
          if (next.done) return next.value;
          news.push(next.value);
        }
      })
      .finally(() => {
        isDone = true;
        news.wake();
      });
    reply.catch(() => undefined); // it is awaited below; it may fail while the reader is still at the news
    while (!isDone || news.size > 0) yield* await news.take();
    return await reply;
  });
}
