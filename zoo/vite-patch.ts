/** Applies a patch to what vite loads, and to what the processes under it load. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Plugin } from 'vitest/config';
import { applyPatch, noteApplied, type Patch, root, source } from './patch.ts';

export function patchPlugin(patch: Patch): Plugin {
  const path = join(source, patch.file);
  inherit(patch);
  return {
    name: 'zoo-patch',
    enforce: 'pre', // before types are stripped: patches are in TypeScript
    configureVitest({ defineCacheKeyGenerator }) {
      // The cache on disk knows plugins by their name: one mutant must not get what another one was loaded as.
      defineCacheKeyGenerator(({ id }) => (id.split('?')[0] === path ? false : undefined));
    },
    transform(code, id) {
      if (id.split('?')[0] !== path) return null;
      noteApplied();
      return { code: applyPatch(code, patch), map: null };
    },
  };
}

/** Threads and processes that tests start load the patch too. */
function inherit(patch: Patch): void {
  const hook = pathToFileURL(join(root, 'zoo/patch-on-load.ts')).href;
  process.env.ZOO_PATCH = JSON.stringify(patch);
  process.env.NODE_OPTIONS = `${process.env.NODE_OPTIONS ?? ''} --import=${hook}`;
}
