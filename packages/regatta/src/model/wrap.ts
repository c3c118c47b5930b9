/** Behaviour is added to a model by wrapping it: the same identity, another way to be called. */
import type { Model } from '../ports/model.ts';

export function wrapModel(model: Model, call: Model['call']): Model {
  return Object.freeze({ id: model.id, price: model.price, call });
}
