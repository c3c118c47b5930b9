/** Gives the models of one runtime their caches. */
import { Flights } from '../base/flights.ts';
import type { LlmDefinition, Model } from '../ports/model.ts';
import { cached } from './cached.ts';
import { createIdentifier, type IdentifierOptions } from './identify.ts';
import { replyKey } from './reply-key.ts';

export type KeepReplies = (model: Model, definition: LlmDefinition) => Model;

/** Gives models as their definitions say: with a cache, or as they are. */
export function createKeeper(options: IdentifierOptions): KeepReplies {
  const flights = new Flights();
  const identifier = createIdentifier(options);
  return (model, definition) => {
    const { cache: policy } = definition.settings;
    if (policy === undefined) return model;
    let asked: string | undefined;
    return cached(model, {
      policy,
      flights,
      keyOf: (request, context) => {
        asked ??= identifier.identityOf(definition, policy);
        return replyKey(asked, request, identifier.sharersOf(policy, context));
      },
    });
  };
}
