/** Behaviour is added to a model by wrapping it: the same identity, another way to be called. */
import type { JsonObject } from '../base/json.ts';
import type { Model } from '../ports/model.ts';

export function wrapModel(model: Model, call: Model['call']): Model {
  const { id, price, parameters } = model;
  return Object.freeze({ id, price, parameters, call });
}

/** The same model, saying how it is set. */
export function withParameters(model: Model, parameters: JsonObject): Model {
  const call: Model['call'] = (request, context) => model.call(request, context);
  return wrapModel({ id: model.id, price: model.price, parameters, call }, call);
}
