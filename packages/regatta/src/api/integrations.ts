/** Callbacks by name: `'langfuse'`, or a list in the environment. */

import { messageOf } from '../base/errors.ts';
import { type EnvCallback, type Outcomes, parseEnvCallbacks } from '../callbacks/env.ts';
import { openIntegration } from '../callbacks/integrations.ts';
import { createEntry } from '../observe/entry.ts';
import type { AdaptedCallback } from '../ports/callback.ts';
import type { Env } from '../ports/provider.ts';
import type { Entry } from '../ports/scope.ts';
import { consoleSink } from '../sinks/console.ts';
import { createDelivery } from '../sinks/delivery.ts';
import { jsonlSink } from '../sinks/jsonl.ts';
import { otlpSink } from '../sinks/otlp.ts';

/**
 * What to do with a name in the environment that cannot be served: `strict` refuses to start, `warn`
 * warns and goes on without it, `off` reads no names from the environment at all.
 */
export type EnvCallbacksMode = 'strict' | 'warn' | 'off';

const SINKS = { console: consoleSink, jsonl: jsonlSink, otlp: otlpSink, delivery: createDelivery };

/** @throws RegattaError `callbacks/unknown-name` or `callbacks/missing-variable`. */
export function openNamed(name: string, env: Env, outcomes: Outcomes = 'both'): Entry {
  return fromAdapted(openIntegration(name, env, { sinks: SINKS, outcomes }));
}

/** What an adapter made, as an entry of a scope. */
export function fromAdapted({ observe, name, key, on }: AdaptedCallback): Entry {
  return createEntry(observe, { name, key, on });
}

/**
 * The callbacks that `env` names, each variable for itself.
 * @throws RegattaError `callbacks/unknown-name` or `callbacks/missing-variable`, in `strict` mode.
 */
export function envEntries(env: Env, mode: EnvCallbacksMode): readonly Entry[] {
  if (mode === 'off') return [];
  return parseEnvCallbacks(env).flatMap((named) => {
    if (mode === 'strict') return [openNamed(named.name, env, named.outcomes)];
    return openOrWarn(named, env);
  });
}

function openOrWarn({ name, outcomes }: EnvCallback, env: Env): readonly Entry[] {
  try {
    return [openNamed(name, env, outcomes)];
  } catch (error) {
    const options = { type: 'RegattaWarning', code: 'REGATTA_CALLBACK_IGNORED' };
    process.emitWarning(`${messageOf(error)} The run goes on without it.`, options);
    return [];
  }
}
