/** `toolCache`: keeps results of tools, in memory unless it is said otherwise. */
import type { ToolCache } from '../ports/tool.ts';
import { memoryCache } from '../stores/memory-cache.ts';
import { createToolCache, type ToolCacheOptions } from '../tool/tool-cache.ts';

/**
 * Keeps results of the tools that it is given to. It may serve many tools and runs at once; what it keeps
 * ends with it, or with its store.
 *
 * @throws RegattaError `definition/invalid`.
 * @example
 * const cache = toolCache({ scope: 'runtime', ttlMs: 60_000, key: (_args, { context }: ToolContext<Tenant>) => context.name });
 * const look = defineTool({ …, cache });
 */
export function toolCache<Context = unknown>(options: ToolCacheOptions<Context> = {}): ToolCache {
  return createToolCache({ ...options, store: options.store ?? memoryCache() });
}
