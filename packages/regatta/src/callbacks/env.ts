/**
 * Callbacks named by environment variables, as LiteLLM and crewAI have them.
 *
 * Each variable is read for itself: one never clears, replaces or waits for another. (crewAI sets the
 * success list only where a failure list is given, and then wipes it where none is.)
 */
import type { Env } from '../ports/provider.ts';

export type Outcomes = 'success' | 'failure' | 'both';

export interface EnvCallback {
  /** As written: upper and lower case differ. */
  readonly name: string;
  readonly outcomes: Outcomes;
}

export const ENV_VARIABLES: readonly (readonly [variable: string, outcomes: 'success' | 'failure'])[] =
  Object.freeze([
    ['LITELLM_SUCCESS_CALLBACKS', 'success'],
    ['LITELLM_FAILURE_CALLBACKS', 'failure'],
    ['REGATTA_SUCCESS_CALLBACKS', 'success'],
    ['REGATTA_FAILURE_CALLBACKS', 'failure'],
  ]);

/**
 * The names of the four variables in order of appearance, each once: a name for success and for
 * failure is one callback for both. Lists are separated by commas; blanks do not count.
 */
export function parseEnvCallbacks(env: Env): readonly EnvCallback[] {
  const found = new Map<string, Outcomes>();
  for (const [variable, outcomes] of ENV_VARIABLES) {
    for (const name of listOf(env[variable])) {
      const known = found.get(name) ?? outcomes;
      found.set(name, known === outcomes ? outcomes : 'both');
    }
  }
  return Object.freeze(Array.from(found, ([name, outcomes]) => Object.freeze({ name, outcomes })));
}

function listOf(value: string | undefined): readonly string[] {
  return (value ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
