/** Runtimes as they are made: with every default decided, and the one that serves who names none. */
import { messageOf } from '../base/errors.ts';
import { withoutUndefined } from '../base/options.ts';
import { localEngine } from '../engines/local.ts';
import { builtinProviders } from '../models/providers.ts';
import type { OnObserverError } from '../observe/lane.ts';
import type { Registration } from '../observe/registry.ts';
import type { Env } from '../ports/provider.ts';
import type { OnDeliveryError } from '../run/deliveries.ts';
import { RuntimeCore } from '../run/runtime.ts';
import type { CoreOptions } from '../run/runtime-options.ts';
import { type OnUnheardInput, unheardText } from '../run/unheard.ts';
import { sqliteJournal } from '../stores/sqlite-journal.ts';
import { type Callback, toEntries } from './callback.ts';
import { type EnvCallbacksMode, envEntries, openNamed } from './integrations.ts';
import { threads } from './threads.ts';

/** Whatever holds a runtime. */
export interface RuntimeHolder {
  /** @internal */
  readonly core: RuntimeCore;
}

/** A runtime's core. `env` is used as given: a runtime never falls back to `process.env` by itself. */
export function createCore(
  options: { readonly [K in keyof CoreOptions]?: CoreOptions[K] | undefined },
): RuntimeCore {
  return new RuntimeCore({
    providers: builtinProviders(),
    env: {},
    engine: localEngine,
    here: localEngine,
    // A runtime whose runs are on threads anyway needs no others.
    openThreads: () => (options.engine?.name === 'threads' ? options.engine : threads()),
    openJournal: (path) => sqliteJournal({ path }),
    entries: [],
    defaultLlm: undefined,
    rehearse: false,
    onObserverError: warn,
    onUnheardInput: warnUnheard,
    onDeliveryError: warnUndelivered,
    ...withoutUndefined(options as Partial<CoreOptions>), // the undefined ones are gone
  });
}

const holder: { core?: RuntimeCore } = {};

/** Adds callbacks to a runtime's scope. @throws RegattaError `definition/invalid` or `callbacks/*` */
export function registerIn(core: RuntimeCore, callbacks: readonly Callback[]): Registration {
  return core.register(toEntries(callbacks, 'The runtime', (name) => openNamed(name, core.env)));
}

/** The runtime of this process, made on first use. Its environment is `process.env`. */
export function defaultCore(): RuntimeCore {
  holder.core ??= createCore({ env: process.env, entries: envEntries(process.env, modeOf(process.env)) });
  return holder.core;
}

/** How the process's runtime takes names in the environment: `REGATTA_ENV_CALLBACKS`, strict unless it says otherwise. */
function modeOf({ REGATTA_ENV_CALLBACKS: mode }: Env): EnvCallbacksMode {
  return mode === 'warn' || mode === 'off' ? mode : 'strict';
}

/** What an application hears of a failing callback unless it says otherwise: a process warning. */
const warn: OnObserverError = (error, event, name) => {
  const cause = error instanceof Error ? error.message : String(error);
  process.emitWarning(`Callback "${name}" failed on ${event.type} of run ${event.runId}: ${cause}`, {
    type: 'RegattaWarning',
    code: 'REGATTA_CALLBACK_FAILED',
  });
};

/** Likewise of a durable callback that nothing is kept for yet. */
const warnUndelivered: OnDeliveryError = (error, name) => {
  const text = `Durable callback "${name}" is not known to its engine: ${messageOf(error)} The next run tries again.`;
  process.emitWarning(text, { type: 'RegattaWarning', code: 'REGATTA_CALLBACK_FAILED' });
};

/** Likewise of a run that waits for a person. */
const warnUnheard: OnUnheardInput = (request) => {
  process.emitWarning(unheardText(request), { type: 'RegattaWarning', code: 'REGATTA_INPUT_UNHEARD' });
};
