// Fails on files that are too long, and on constructs that make state global for the process, which would let one
// run see or change another.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeOf, isTestFile, listSources } from './source.ts';

const maxLines = 300;
const maxTestLines = 600;

const banned: readonly (readonly [pattern: RegExp, rule: string])[] = [
  [/^(?:export )?(?:let|var)\b/, 'no module-level let: state belongs to a run or a runtime'],
  [/^export default\b/, 'no default export: export a name'],
  [/\benterWith\(/, 'no enterWith: it leaks into the caller, use run()'],
  [/\bprocess\.chdir\b/, 'no process.chdir: pass a folder'],
  [/\bprocess\.env(?:\.\w+|\[.+?\])?\s*(?:[|&?]{2})?=(?![=>])/, 'no write to process.env: pass a value'],
  [/\bdelete process\.env\b|\bObject\.assign\(process\.env\b/, 'no write to process.env: pass a value'],
];

/** What is wrong with a file, one sentence each. `isCore` adds the bans for the sources of the package. */
export function checkFile(path: string, text: string, isCore: boolean): readonly string[] {
  const lines = text.replace(/\n$/, '').split('\n');
  const limit = isTestFile(path) ? maxTestLines : maxLines;
  const isGenerated = lines[0]?.includes('@generated') ?? false;
  const findings =
    lines.length > limit && !isGenerated
      ? [`${path} has ${lines.length} lines, the limit is ${limit}: split it.`]
      : [];
  if (!isCore || isTestFile(path)) return findings;
  const code = codeOf(text).split('\n');
  for (const [index, line] of code.entries()) {
    for (const [pattern, rule] of banned) {
      if (pattern.test(line)) findings.push(`${path}:${index + 1}: ${rule}.`);
    }
  }
  return findings;
}

if (import.meta.main) {
  const root = fileURLToPath(new URL('../', import.meta.url));
  const findings = ['packages/regatta/src', 'examples', 'bench', 'scripts', 'stress', 'zoo']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => listSources(join(root, folder)).map((path) => `${folder}/${path}`))
    .flatMap((path) =>
      checkFile(path, readFileSync(join(root, path), 'utf8'), path.startsWith('packages/regatta/src/')),
    );
  for (const finding of findings) console.error(finding);
  console.log(`size: ${findings.length} findings`);
  process.exitCode = findings.length > 0 ? 1 : 0;
}
