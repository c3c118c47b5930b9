/** README.md and docs/*.md, and the code blocks in them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..');

export interface Page {
  /** From the root of the repository, such as `docs/tools.md`. */
  readonly path: string;
  readonly text: string;
}

export interface Block {
  readonly page: string;
  /** Of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  /** The words behind the language: `run`, `more`, `file=examples/many-crews.ts`. */
  readonly marks: readonly string[];
  readonly code: string;
}

export function readPages(): readonly Page[] {
  const docs = readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md'));
  return ['README.md', ...docs.sort().map((file) => `docs/${file}`)].map((path) => ({
    path,
    text: readFileSync(join(root, path), 'utf8'),
  }));
}

export function readPage(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export function blocksOf({ path, text }: Page): readonly Block[] {
  const blocks: Block[] = [];
  let open: { readonly info: string; readonly line: number; readonly lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (open === undefined) {
      if (fence) open = { info: fence[1] ?? '', line: index + 1, lines: [] };
    } else if (fence) {
      const [language = '', ...marks] = open.info.trim().split(/\s+/);
      blocks.push({ page: path, line: open.line, language, marks, code: `${open.lines.join('\n')}\n` });
      open = undefined;
    } else open.lines.push(line);
  }
  if (open) throw new Error(`${path}:${open.line} opens a code block that nothing closes.`);
  return blocks;
}
