/** Behaviour is added to a model by wrapping it: the same identity, another way to be called. */
import type { JsonObject } from '../base/json.ts';
import type { Model } from '../ports/model.ts';
import type { Price } from '../protocol/usage.ts';

/** `call` may throw at once: it need not be async for what it throws to be a rejection. */
export function wrapModel(model: Model, call: Model['call']): Model {
  const { id, price, parameters, takesSchema, takesJson, contextWindow, loadCounter } = model;
  return Object.freeze<Model>({
    id,
    price,
    parameters,
    takesSchema,
    takesJson,
    contextWindow,
    loadCounter,
    call(request, context, tell) {
      try {
        return call(request, context, tell);
      } catch (error) {
        return Promise.reject(error);
      }
    },
  });
}

export interface Description {
  /** In place of the model's own. */
  readonly id?: string;
  readonly parameters: JsonObject;
  /** Undefined = what the model says of itself. */
  readonly price: Price | undefined;
  /** Absent = what the model says of itself. */
  readonly contextWindow?: number | undefined;
}

/** The same model, saying how it is set and what it costs. */
export function describe(
  model: Model,
  { id = model.id, parameters, price = model.price, contextWindow = model.contextWindow }: Description,
): Model {
  return Object.freeze<Model>({
    id,
    price,
    parameters,
    takesSchema: model.takesSchema,
    takesJson: model.takesJson,
    contextWindow,
    loadCounter: model.loadCounter,
    call: (request, context, tell) => model.call(request, context, tell),
  });
}
