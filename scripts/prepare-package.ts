// Makes the folder of the package ready for a build: no output of deleted sources, and the documents that are
// published with it, which live in the root of the repository.

import { copyFileSync, existsSync, rmSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const target = new URL('packages/regatta/', root);

rmSync(new URL('dist', target), { recursive: true, force: true });
for (const name of ['README.md', 'LICENSE', 'CHANGELOG.md']) {
  if (existsSync(new URL(name, root))) copyFileSync(new URL(name, root), new URL(name, target));
}
