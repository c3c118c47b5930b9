/** `Embedder`: a model of embeddings with settings. */
import { Problems, show } from '../base/problems.ts';
import { embedTexts } from '../model/embed-texts.ts';
import { createEmbedderDefinition, type EmbedderInit } from '../model/embedder.ts';
import type { EmbedderDefinition, EmbedderSettings, Vector } from '../ports/embedder.ts';
import type { Job } from '../ports/engine.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Scope } from '../ports/scope.ts';
import type { UsageReport } from '../protocol/usage.ts';
import type { Run } from '../run/run.ts';
import { type Callback, toScope } from './callback.ts';
import { defaultCore, type RuntimeHolder } from './core.ts';
import { openNamed } from './integrations.ts';

export interface EmbedderOptions extends EmbedderInit {
  /** Hear the requests of this embedder, wherever it is used. */
  readonly callbacks?: readonly Callback[];
}

export interface EmbedOptions {
  readonly signal?: AbortSignal;
  readonly callbacks?: readonly Callback[];
  /** @default the process's */
  readonly runtime?: RuntimeHolder;
}

export interface EmbedResult {
  /** One for each text, in the order of the texts. */
  readonly vectors: readonly Vector[];
  /** Length of the vectors; null where there were no texts. */
  readonly dimensions: number | null;
  readonly report: UsageReport;
}

/**
 * A model of embeddings with settings. Frozen, and one may serve any number of runs at once.
 *
 * @throws RegattaError `llm/bad-model` or `definition/invalid`.
 * @example
 * const embedder = new Embedder({ model: 'openai/text-embedding-3-small' });
 * const { vectors } = await embedder.embed(['a boat', 'a ship']);
 */
export class Embedder implements EmbedderDefinition {
  readonly model: string | object;
  readonly settings: EmbedderSettings;
  readonly scope: Scope;

  constructor({ callbacks, ...init }: EmbedderOptions) {
    const scope = toScope(callbacks, `Embedder "${String(init.model)}"`);
    const definition = createEmbedderDefinition(init, scope);
    this.model = definition.model;
    this.settings = definition.settings;
    this.scope = definition.scope;
    Object.freeze(this);
  }

  /**
   * The vectors of `texts`, in requests of as many as the provider takes, some of them at once.
   *
   * @throws RegattaError `model/*`, `llm/*`, or `definition/invalid` for a text that is none or empty.
   */
  async embed(texts: string | readonly string[], options: EmbedOptions = {}): Promise<EmbedResult> {
    return await this.start(texts, options).result;
  }

  /** As `embed`, with a handle: events while it goes on, usage, cancel. */
  start(texts: string | readonly string[], options: EmbedOptions = {}): Run<EmbedResult> {
    const { callbacks, signal, runtime } = options;
    const list: readonly string[] = Object.freeze(typeof texts === 'string' ? [texts] : [...texts]);
    check(list);
    const core = runtime?.core ?? defaultCore();
    return core.start(embedJob(this, list), {
      on: 'here',
      scopes: [this.scope, toScope(callbacks, 'embedder.embed', (name) => openNamed(name, core.env))],
      signal,
    });
  }
}

/** Providers refuse an empty text, and with it the whole request. */
function check(texts: readonly unknown[]): void {
  const problems = new Problems('The call of embedder.embed');
  for (const [index, text] of texts.entries()) {
    if (typeof text === 'string' && text !== '') continue;
    const message = `texts[${index}] must be a text that is not empty, got ${show(text)}. Leave it out.`;
    problems.add(`texts[${index}]`, text, message);
  }
  problems.throwIfAny();
}

function embedJob(embedder: EmbedderDefinition, texts: readonly string[]): Job<EmbedResult> {
  return {
    name: 'embedder.embed',
    inputs: null,
    ref: null,
    start: (context) => embedAll(embedder, texts, context),
    // Vectors are long, and of no use to a reader.
    show: ({ vectors, dimensions }) => ({ vectors: vectors.length, dimensions }),
    entries: () => new Map(),
    revive: () => Promise.reject(new Error('An embedding has no ref, so it never leaves this thread.')),
  };
}

async function embedAll(
  embedder: EmbedderDefinition,
  texts: readonly string[],
  context: RunContext,
): Promise<EmbedResult> {
  const ready = await context.resolveEmbedder(embedder);
  const vectors = await embedTexts(ready, texts, context);
  return Object.freeze({ vectors, dimensions: vectors[0]?.length ?? null, report: context.meter.report() });
}
