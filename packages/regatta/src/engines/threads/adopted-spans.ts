/**
 * The spans that a thread has announced, with the callbacks that hear them here.
 *
 * A thread names callbacks by where they stand in the definition, and they are called on the host,
 * where the user has made them. So an event is heard once, by the same objects as on the event loop.
 */
import { RegattaError } from '../../base/errors.ts';
import type { RunContext } from '../../ports/run-context.ts';
import type { Entry } from '../../ports/scope.ts';
import type { CrewRef } from '../../protocol/crew-ref.ts';
import type { SpanNotice } from './wire.ts';

export class AdoptedSpans {
  readonly #run: RunContext;
  readonly #ref: CrewRef;
  readonly #list: () => ReadonlyMap<string, Entry>;
  readonly #contexts = new Map<string, RunContext>();
  #entries: ReadonlyMap<string, Entry> | undefined;

  /** `entries` gives the definition's callbacks by address; it is asked once, and only if there are any. */
  constructor(run: RunContext, ref: CrewRef, entries: () => ReadonlyMap<string, Entry>) {
    this.#run = run;
    this.#ref = ref;
    this.#list = entries;
  }

  /** @throws RegattaError `engine/crew-not-found` for a callback that the crew does not have here. */
  adopt({ span, entries }: SpanNotice): void {
    const scope = entries.map((address) => this.#entryAt(address));
    this.#contexts.set(span.id, this.#run.adopt(span, scope));
  }

  contextOf(spanId: string): RunContext {
    const context = this.#contexts.get(spanId);
    if (context === undefined) throw new Error(`Span "${spanId}" was not announced.`);
    return context;
  }

  clear(): void {
    this.#contexts.clear();
  }

  #entryAt(address: string): Entry {
    this.#entries ??= this.#list();
    const entry = this.#entries.get(address);
    if (entry !== undefined) return entry;
    const { module, export: exported } = this.#ref;
    throw new RegattaError(
      'engine/crew-not-found',
      `The crew that module "${module}" exports as "${exported}" has other callbacks on a thread than here, so they cannot be told apart. Start the process again if the module has changed, and let it define the same crew wherever it is imported.`,
      { module, export: exported },
    );
  }
}
