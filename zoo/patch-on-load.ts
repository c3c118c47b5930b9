/** Applies a patch to what Node loads itself: in threads and processes that a test starts. See `inherit`. */
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { applyPatch, noteApplied, type Patch, source } from './patch.ts';

const patch = JSON.parse(process.env.ZOO_PATCH ?? 'null') as Patch | null; // `inherit` wrote it

if (patch !== null) {
  const target = pathToFileURL(join(source, patch.file)).href;
  registerHooks({
    load(url, context, next) {
      const loaded = next(url, context);
      if (url !== target) return loaded;
      noteApplied();
      return { ...loaded, source: applyPatch(Buffer.from(loaded.source as Uint8Array).toString(), patch) }; // a file's bytes
    },
  });
}
