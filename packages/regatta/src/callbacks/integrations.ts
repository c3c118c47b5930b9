/**
 * Integrations by name: what `LITELLM_SUCCESS_CALLBACKS=langfuse` means.
 *
 * A name is opened when it is used, with the environment it is given. Vendors whose product shows
 * prompts and answers get them, as their own integrations do; `REGATTA_CAPTURE_CONTENT=false` keeps
 * contents back from every vendor, and `true` sends them to every one. It changes nothing for
 * `console`, which never shows contents, and for `jsonl`, which writes whole events.
 */
import { RegattaError } from '../base/errors.ts';
import type { AdaptedCallback } from '../ports/callback.ts';
import type { Env } from '../ports/provider.ts';
import type { Outcomes } from './env.ts';
import { openGenericApi } from './generic-api.ts';
import { isOn, type OpenContext, type SinkFactories, Variables } from './integration.ts';
import { OTLP_ROWS, type OtlpRow } from './otlp-rows.ts';

type Open = (context: OpenContext) => AdaptedCallback;

const OWN: Readonly<Record<string, Open>> = Object.freeze({
  console: ({ sinks, outcomes }) => sinks.console({ outcomes }),
  generic_api: openGenericApi,
  jsonl: ({ sinks, outcomes, variables }) => sinks.jsonl(variables.need('REGATTA_JSONL_FILE'), { outcomes }),
});

/** The names that `openIntegration` serves, sorted. */
export const integrationNames: readonly string[] = Object.freeze(
  [...Object.keys(OWN), ...Object.keys(OTLP_ROWS)].sort(),
);

export interface OpenOptions {
  readonly sinks: SinkFactories;
  /** Which ends it hears of: a success name hears of what succeeded, and of nothing else. @default 'both' */
  readonly outcomes?: Outcomes;
}

/**
 * The integration of this name as a callback. Its key is its name, so a scope has it once.
 *
 * @throws RegattaError `callbacks/unknown-name` or `callbacks/missing-variable`.
 */
export function openIntegration(
  name: string,
  env: Env,
  { sinks, outcomes = 'both' }: OpenOptions,
): AdaptedCallback {
  const context = { name, variables: new Variables(name, env), outcomes, sinks };
  return Object.freeze({ ...openerOf(name)(context), name, key: `integration:${name}` });
}

function openerOf(name: string): Open {
  const own = Object.hasOwn(OWN, name) ? OWN[name] : undefined;
  if (own) return own;
  const row = Object.hasOwn(OTLP_ROWS, name) ? OTLP_ROWS[name] : undefined;
  if (row) return (context) => openOtlp(context, row);
  throw new RegattaError(
    'callbacks/unknown-name',
    `There is no callback "${name}". Use one of ${integrationNames.join(', ')}, or register an object of your own.`,
    { name, known: integrationNames },
  );
}

function openOtlp({ name, variables, outcomes, sinks }: OpenContext, row: OtlpRow): AdaptedCallback {
  const target = row(variables);
  const wish = variables.get('REGATTA_CAPTURE_CONTENT');
  return sinks.otlp({
    encoding: 'protobuf',
    ...target,
    captureContent: wish === undefined ? (target.captureContent ?? true) : isOn(wish),
    name,
    outcomes,
  });
}
