/** What tells apart the models of one runtime whose replies are kept, and who shares those replies. */
import { randomUUID } from 'node:crypto';
import type { CallContext } from '../ports/call-context.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Env, Providers } from '../ports/provider.ts';
import type { CachePolicy } from '../ports/reply-store.ts';
import { type Identified, identityOf, type Sharers } from './reply-key.ts';
import { deploymentsOf } from './router.ts';

export interface IdentifierOptions {
  readonly providers: Providers;
  readonly env: Env;
}

export interface Identifier {
  /** A hash of whom `definition` asks and how. */
  identityOf(definition: Identified, policy: CachePolicy): string;
  sharersOf(policy: CachePolicy, context: CallContext): Sharers;
}

export function createIdentifier({ providers, env }: IdentifierOptions): Identifier {
  const numbers = new WeakMap<object, number>();
  const runtimeId = randomUUID();
  let count = 0;
  const numberOf = (object: object): number => {
    const number = numbers.get(object) ?? ++count;
    numbers.set(object, number);
    return number;
  };
  const placeOf = ({ model }: Identified): Env => {
    if (typeof model !== 'string') return {};
    const names = providers.placeVariables?.(model.slice(0, model.indexOf('/'))) ?? [];
    return Object.fromEntries(names.map((name) => [name, env[name]]));
  };
  const identify = (definition: Identified, numbering: typeof numberOf | null): string => {
    const { model } = definition;
    const parts = deploymentsOf(model).map((llm: LlmDefinition) => identify(llm, numbering));
    const id = parts.length > 0 ? parts : idOf(model);
    return identityOf(definition, { id, place: placeOf(definition), numberOf: numbering });
  };
  return {
    identityOf: (definition, { scope }) =>
      identify(definition, scope === 'run' || scope === 'runtime' ? numberOf : null),
    sharersOf: ({ scope }, { runId }) => {
      if (scope === 'run') return { scope, runId };
      if (scope === 'runtime') return { scope, runtimeId };
      return { scope: 'named', name: scope };
    },
  };
}

/** What a model object calls itself, in our words or in those of the AI SDK. */
function idOf(model: string | object): string {
  if (typeof model === 'string') return model;
  const { id, provider, modelId } = model as Readonly<Record<string, unknown>>; // any object is one
  return typeof id === 'string' ? id : `${String(provider)}/${String(modelId)}`;
}
