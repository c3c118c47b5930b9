import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeOutputFile } from './output-file.ts';

let home = '';
let directory = '';
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'output-file-'));
  directory = join(home, 'out');
});
afterEach(() => rm(home, { recursive: true }));

const write = (template: string, inputs = {}, text = 'text') =>
  writeOutputFile({ template, inputs, directory }, text);

test('placeholders are filled in, and folders are made', async () => {
  const path = await write('reports/{topic}/{year}.md', { topic: 'tides', year: 2026 }, 'high');
  expect(relative(directory, path)).toBe(join('reports', 'tides', '2026.md'));
  expect(await readFile(path, 'utf8')).toBe('high');
});

test('a file that is there is replaced as a whole, and nothing else is left in its folder', async () => {
  await write('a.md', {}, 'a long first text');
  await write('a.md', {}, 'short');
  expect(await readFile(join(directory, 'a.md'), 'utf8')).toBe('short');
  expect(await readdir(directory)).toEqual(['a.md']);
});

test('no value of an input leads out of the directory, or into another folder of it', async () => {
  const nasty = fc.oneof(
    fc.constantFrom('..', '.', '../x', '..\\x', '/etc/x', 'a/b', 'C:\\x', '\0', '', '~', '....//'),
    fc.string({ maxLength: 8 }),
  );
  await fc.assert(
    fc.asyncProperty(
      nasty,
      nasty,
      fc.constantFrom('{a}', '{a}{b}', '{a}/{b}', 'f/{a}{b}.md'),
      async (a, b, template) => {
        const [ended] = await Promise.allSettled([write(template, { a, b })]);
        for (const name of await readdir(home)) expect(name).toBe('out'); // none yet where nothing was written
        if (ended.status === 'rejected') {
          expect(['file/outside', 'file/not-written']).toContain(ended.reason.code);
        } else {
          const depth = template.split('/').length;
          expect(relative(directory, ended.value).split(/[/\\]/).length).toBeLessThanOrEqual(depth);
          await rm(join(directory, relative(directory, ended.value).split(/[/\\]/)[0]!), { recursive: true });
        }
      },
    ),
    { numRuns: 60 },
  );
});

test('a folder that is a link to elsewhere is not followed, and nothing is made there', async () => {
  const elsewhere = join(home, 'elsewhere');
  await mkdir(elsewhere);
  await mkdir(directory);
  await symlink(elsewhere, join(directory, 'link'));
  await expect(write('link/new/a.md')).rejects.toMatchObject({ code: 'file/outside' });
  expect(await readdir(elsewhere)).toEqual([]);
  await symlink(join(home, 'target'), join(directory, 'b.md'));
  await writeFile(join(home, 'target'), 'theirs');
  await write('b.md', {}, 'ours'); // replaces the link, not what it leads to
  expect(await readFile(join(home, 'target'), 'utf8')).toBe('theirs');
});

test('a directory that is itself reached by a link is used', async () => {
  await mkdir(join(home, 'real'));
  await symlink(join(home, 'real'), directory);
  await write('f/a.md');
  expect(await readdir(join(home, 'real', 'f'))).toEqual(['a.md']);
});

test('a file that cannot be written is an error that names it, and leaves nothing', async () => {
  await mkdir(join(directory, 'a.md', 'full'), { recursive: true });
  await expect(write('a.md')).rejects.toMatchObject({ code: 'file/not-written', details: { file: 'a.md' } });
  expect(await readdir(directory)).toEqual(['a.md']);
  await writeFile(join(directory, 'file'), '');
  const under = write('file/a.md');
  await expect(under).rejects.toMatchObject({ code: 'file/not-written' });
  expect(dirname(directory)).toBe(home);
});
