/**
 * Keys and base URLs: from the settings, or from the given environment. They are always passed on to the
 * vendors' packages, which would otherwise look into `process.env`.
 */
import { RegattaError } from '../../base/errors.ts';
import type { AdapterOptions } from '../ai-sdk/model.ts';
import type { Access } from './vendor.ts';

/** A key, and the variable that it comes from or should come from. */
export interface Key<Value = string> {
  readonly value: Value;
  readonly variable: string;
}

export function findKey({ settings, env }: Access, variables: readonly string[]): Key<string | undefined> {
  const [first = ''] = variables;
  if (settings.apiKey) return { value: settings.apiKey.reveal(), variable: first };
  // An empty variable is one that somebody has unset.
  const variable = variables.find((name) => env[name]) ?? first;
  return { value: env[variable] || undefined, variable };
}

/** @throws RegattaError `llm/missing-key` */
export function requireKey(access: Access, variables: readonly string[]): Key {
  const { value, variable } = findKey(access, variables);
  if (value !== undefined) return { value, variable };
  throw missingKey(access.provider, variable, `${variables.join(' or ')} is not set`);
}

/** `what` is not there, such as `X is not set`. */
export function missingKey(provider: string, variable: string, what: string): RegattaError {
  return new RegattaError(
    'llm/missing-key',
    `There is no API key for ${provider}: ${what}. Set it, pass apiKey to the LLM, or try the crew without a key by --rehearse.`,
    { provider, variable },
  );
}

/** The first of the environment's `variables` that has a value. */
export function firstOf({ env }: Access, ...variables: readonly string[]): string | undefined {
  return variables.map((name) => env[name]).find((value) => value);
}

export function missingBaseURL({ provider }: Access, ...variables: readonly string[]): RegattaError {
  const [variable = ''] = variables;
  return new RegattaError(
    'llm/missing-base-url',
    `"${provider}" needs to know its server: ${variables.join(' or ')} is not set. Set it, or pass baseURL to the LLM.`,
    { provider, variable },
  );
}

export function named({ provider, modelId }: Access, key: Key<string | undefined>): Named {
  return { id: `${provider}/${modelId}`, key: key.value, keyVariable: key.variable };
}

export type Named = Required<Pick<AdapterOptions, 'id' | 'key' | 'keyVariable'>>;
