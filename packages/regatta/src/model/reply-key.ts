/**
 * Names a reply by all that it depends on.
 *
 * The name is a hash of JSON with sorted keys, so no two askings have the same text, however their
 * values are cut: not tool "a-b" with "c", and tool "a" with "b-c".
 */
import { hashOf } from '../base/hash.ts';
import type { EmbedderDefinition } from '../ports/embedder.ts';
import type { LlmDefinition, ModelRequest } from '../ports/model.ts';
import type { Env } from '../ports/provider.ts';

/** Counted up when the meaning of a name or of what is kept changes: what an older version kept is not found. */
const VERSION = 1;

/** Who shares replies. No two of these have a reply in common. */
export type Sharers =
  | { readonly scope: 'run'; readonly runId: string }
  | { readonly scope: 'runtime'; readonly runtimeId: string }
  | { readonly scope: 'named'; readonly name: string };

/** `asked` is what `identityOf` gave. The number of the attempt is not a part of it. */
export function replyKey(asked: string, { attempt: _, ...request }: ModelRequest, sharers: Sharers): string {
  return hashOf(['regatta/reply', VERSION, sharers, asked, request]);
}

/** The key of one text's vector. */
export function vectorKey(asked: string, text: string, sharers: Sharers): string {
  return hashOf(['regatta/vector', VERSION, sharers, asked, text]);
}

/** What may be kept: of a definition of an LLM or of an embedder. */
export interface Identified {
  readonly model: string | object;
  readonly settings: LlmDefinition['settings'] | EmbedderDefinition['settings'];
}

export interface Surroundings {
  /** `provider/model`, or the identities of what a router asks. */
  readonly id: string | readonly string[];
  /** Of the environment: what decides where the provider is. */
  readonly place: Env;
  /**
   * Tells apart objects and functions, which have no text: models, `fetch`. Null for replies that are to
   * be found again by another process.
   */
  readonly numberOf: ((object: object) => number) | null;
}

/**
 * A hash of whom a definition asks and how: all settings but those that say when to give up, what it
 * costs, and whether to ask at all. A key counts, since an account may have models of its own.
 */
export function identityOf({ model, settings }: Identified, { id, place, numberOf }: Surroundings): string {
  const {
    cache: _,
    retry,
    circuit,
    timeoutMs,
    timeouts,
    price,
    contextWindow,
    maxTexts,
    apiKey,
    fetch,
    ...matters
  }: Partial<LlmDefinition['settings'] & EmbedderDefinition['settings']> = settings;
  const objects = [typeof model === 'string' ? undefined : model, fetch].map((object) =>
    object === undefined ? 0 : (numberOf?.(object) ?? -1),
  );
  return hashOf([id, matters, apiKey?.reveal() ?? null, place, objects]);
}
