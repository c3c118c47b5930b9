/** A runtime's share in its runs as plain data, so that a thread behaves as the host would. */
import { RegattaError } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import type { LlmDefinition, ModelSettings } from '../../ports/model.ts';
import type { Env } from '../../ports/provider.ts';
import type { RuntimeFacts } from '../../ports/run-context.ts';

/** Holds keys: it goes to threads of this process, and nowhere else. */
export interface PortableFacts {
  readonly env: Env;
  readonly rehearse: boolean;
  readonly defaultLlm: PortableLlm | null;
}

interface PortableLlm {
  readonly model: string;
  readonly apiKey: string | null;
  readonly settings: Omit<ModelSettings, 'apiKey' | 'fetch' | 'cache'>;
  readonly fallback: readonly PortableLlm[];
}

/** @throws RegattaError `engine/not-portable` for a cassette, or when the runtime's llm is an object, or has a `fetch` or a `cache`. */
export function toPortableFacts(
  { env, rehearse, defaultLlm, cassette }: RuntimeFacts,
  engine: string,
): PortableFacts {
  if (cassette !== undefined && !rehearse) throw cassetteGiven(engine);
  return {
    env: { ...env },
    rehearse,
    defaultLlm: defaultLlm === undefined ? null : toPortableLlm(defaultLlm, { rehearse, engine }),
  };
}

export function fromPortableFacts({ env, rehearse, defaultLlm }: PortableFacts): RuntimeFacts {
  return { env, rehearse, defaultLlm: defaultLlm === null ? undefined : fromPortableLlm(defaultLlm) };
}

interface Destination {
  readonly rehearse: boolean;
  readonly engine: string;
}

function toPortableLlm(
  { model, settings: { apiKey, fetch, cache, ...settings }, fallback: others }: LlmDefinition,
  { rehearse, engine }: Destination,
): PortableLlm {
  const rest = { apiKey: apiKey?.reveal() ?? null, settings };
  if (rehearse) return { model: 'rehearsal', ...rest, fallback: [] }; // neither the model nor `fetch` is used
  if (typeof model !== 'string') throw notPortable(engine, 'llm', 'is a model object');
  if (fetch !== undefined) throw notPortable(engine, 'llm.fetch', 'is a function');
  if (cache !== undefined) throw notPortable(engine, 'llm.cache', 'holds a store');
  const fallback = others.map((other) => toPortableLlm(other, { rehearse, engine }));
  return { model, ...rest, fallback };
}

function fromPortableLlm({ model, apiKey, settings, fallback }: PortableLlm): LlmDefinition {
  const key = apiKey === null ? {} : { apiKey: new Secret(apiKey) };
  // The callbacks of a runtime's llm are not part of any span, here or on the host.
  return { model, settings: { ...settings, ...key }, fallback: fallback.map(fromPortableLlm), scope: [] };
}

function cassetteGiven(engine: string): RegattaError {
  return new RegattaError(
    'engine/not-portable',
    "The runtime's cassette belongs to this thread, and models on another would be asked without it. Run the crew on the event loop, by crew.start or crew.kickoff.",
    { engine, field: 'cassette' },
  );
}

function notPortable(engine: string, field: string, what: string): RegattaError {
  return new RegattaError(
    'engine/not-portable',
    `The runtime's ${field} ${what}, which does not cross to another thread. Give the llm to the crew or its agents, in the module that its ref names, or write it as "provider/model".`,
    { engine, field },
  );
}
