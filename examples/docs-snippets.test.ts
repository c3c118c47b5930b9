/**
 * The code in README.md and docs is compiled, and what says `run` is run, in rehearsal.
 *
 * ```ts            a module of its own, type-checked
 * ```ts run        also run; a ```text block right behind it is what it prints
 * ```ts more       goes on where the block before it ends
 * ```ts file=F     word for word the file F, or a part of it
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Block, blocksOf, readPage, readPages, root } from './pages.fixture.ts';

const execute = promisify(execFile);

interface Snippet {
  readonly name: string;
  readonly code: string;
  readonly isRun: boolean;
  /** What it should print; undefined = nothing is said about it. */
  readonly output: string | undefined;
}

const blocks = readPages().flatMap(blocksOf);
const snippets = toSnippets(blocks);
const folder = mkdtempSync(join(import.meta.dirname, '.snippets-'));
const fileOf = ({ name }: Snippet): string => join(folder, `${name}.ts`);

beforeAll(() => {
  for (const snippet of snippets) writeFileSync(fileOf(snippet), snippet.code);
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: '../../tsconfig.base.json',
      compilerOptions: { moduleDetection: 'force' },
      files: snippets.map(({ name }) => `${name}.ts`),
    }),
  );
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('all of them compile', async () => {
  expect(snippets.length).toBeGreaterThan(15);
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { stdout } = await execute(process.execPath, [tsc, '-p', folder]).catch((error) => error);
  expect(stdout).toBe('');
}, 60_000);

describe('each one marked `run` runs, without a key and a network', () => {
  const run = snippets.filter(({ isRun }) => isRun);
  test('there are some', () => expect(run.length).toBeGreaterThan(3));
  test.concurrent.each(run)('$name', async (snippet) => {
    const { PATH } = process.env;
    const { stdout } = await execute(process.execPath, ['--conditions=@regatta/source', fileOf(snippet)], {
      env: { PATH },
      timeout: 15_000,
    });
    if (snippet.output !== undefined) expect(stdout.trim()).toBe(snippet.output.trim());
  });
});

test('what is shown of an example is what the example says', () => {
  const shown = blocks.flatMap((block) => {
    const file = block.marks.find((mark) => mark.startsWith('file='))?.slice('file='.length);
    return file === undefined ? [] : [{ block, file }];
  });
  expect(shown.length).toBeGreaterThan(2);
  for (const { block, file } of shown)
    expect(readPage(file), `${block.page}:${block.line}`).toContain(block.code);
});

function toSnippets(all: readonly Block[]): readonly Snippet[] {
  const found: Snippet[] = [];
  for (const [index, { page, line, language, marks, code }] of all.entries()) {
    if (language !== 'ts' || marks.some((mark) => mark.startsWith('file='))) continue;
    const next = all[index + 1];
    const output = next?.page === page && next.language === 'text' ? next.code : undefined;
    if (marks.includes('more')) {
      const before = found.pop();
      if (before === undefined) throw new Error(`${page}:${line} goes on, but nothing stands before it.`);
      found.push({ ...before, code: before.code + code, output });
    } else {
      const name = `${page.replace(/^docs\/|\.md$/g, '')}-line-${line}`;
      found.push({ name, code, isRun: marks.includes('run'), output });
    }
  }
  return found;
}
