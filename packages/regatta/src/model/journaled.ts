/**
 * A model whose replies are recorded before anybody uses them. A repeated run gets the recorded
 * reply: the model is not called, and nothing is billed.
 */
import type { Model } from '../ports/model.ts';
import { wrapModel } from './wrap.ts';

export function journaled(model: Model): Model {
  return wrapModel(model, (request, context, tell) =>
    context.step('model', () => model.call(request, context, tell)),
  );
}
