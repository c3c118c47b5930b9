/** What the caches of one runtime share: calls under way, and names for what has no text. */
import { randomUUID } from 'node:crypto';
import { Flights } from '../base/flights.ts';
import type { CallContext } from '../ports/call-context.ts';
import type { LlmDefinition, Model } from '../ports/model.ts';
import type { Env, Providers } from '../ports/provider.ts';
import { cached } from './cached.ts';
import { identityOf, replyKey, type Sharers } from './reply-key.ts';
import { deploymentsOf } from './router.ts';

export interface KeeperOptions {
  readonly providers: Providers;
  readonly env: Env;
}

export type KeepReplies = (model: Model, definition: LlmDefinition) => Model;

/** Gives models as their definitions say: with a cache, or as they are. */
export function createKeeper({ providers, env }: KeeperOptions): KeepReplies {
  const flights = new Flights();
  const numbers = new WeakMap<object, number>();
  const runtimeId = randomUUID();
  let count = 0;
  const numberOf = (object: object): number => {
    const number = numbers.get(object) ?? ++count;
    numbers.set(object, number);
    return number;
  };
  const placeOf = ({ model }: LlmDefinition): Env => {
    if (typeof model !== 'string') return {};
    const names = providers.placeVariables?.(model.slice(0, model.indexOf('/'))) ?? [];
    return Object.fromEntries(names.map((name) => [name, env[name]]));
  };
  const identify = (definition: LlmDefinition, numbering: typeof numberOf | null): string => {
    const { model } = definition;
    const parts = deploymentsOf(model).map((llm) => identify(llm, numbering));
    const id = parts.length > 0 ? parts : idOf(model);
    return identityOf(definition, { id, place: placeOf(definition), numberOf: numbering });
  };
  return (model, definition) => {
    const { cache: policy } = definition.settings;
    if (policy === undefined) return model;
    const isNamed = policy.scope !== 'run' && policy.scope !== 'runtime';
    let asked: string | undefined;
    return cached(model, {
      policy,
      flights,
      keyOf: (request, context) => {
        asked ??= identify(definition, isNamed ? null : numberOf);
        return replyKey(asked, request, sharersOf(policy.scope, { context, runtimeId }));
      },
    });
  };
}

/** What a model object calls itself, in our words or in those of the AI SDK. */
function idOf(model: string | object): string {
  if (typeof model === 'string') return model;
  const { id, provider, modelId } = model as Readonly<Record<string, unknown>>; // any object is one
  return typeof id === 'string' ? id : `${String(provider)}/${String(modelId)}`;
}

interface Place {
  readonly context: CallContext;
  readonly runtimeId: string;
}

function sharersOf(scope: string, { context, runtimeId }: Place): Sharers {
  if (scope === 'run') return { scope, runId: context.runId };
  if (scope === 'runtime') return { scope, runtimeId };
  return { scope: 'named', name: scope };
}
