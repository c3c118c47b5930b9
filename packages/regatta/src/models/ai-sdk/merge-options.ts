/** Provider options: objects by the name of the provider that reads them. */
import type { SharedV4ProviderOptions } from '@ai-sdk/provider';

export type ProviderOptions = Readonly<Record<string, object>>;

/** `given` wins over `defaults`, field by field. */
export function mergeOptions(defaults: ProviderOptions, given: ProviderOptions): SharedV4ProviderOptions {
  const merged: Record<string, object> = { ...defaults };
  for (const [name, options] of Object.entries(given)) merged[name] = { ...merged[name], ...options };
  return merged as SharedV4ProviderOptions; // the same JSON, which the specification types as mutable
}
