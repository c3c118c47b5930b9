/** How much is done: `long` for the night, `short` for every change. The rules that are asserted are the same. */
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    readonly volume: 'short' | 'long';
  }
}

export const isShort = inject('volume') === 'short';

export function pick<T>(volumes: { readonly short: T; readonly long: T }): T {
  return volumes[isShort ? 'short' : 'long'];
}
