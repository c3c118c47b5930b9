/** What the file tools give, how much of it, and what they leave behind. */
import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { type FileToolsOptions, fileTools } from './file-tools.ts';
import { openTempFolder, useTool } from './tools.fixture.ts';

vi.setConfig({ testTimeout: 60_000 }); // threads start slowly where many do

async function openTools(options: Partial<FileToolsOptions> = {}) {
  const folder = await openTempFolder();
  const tools = fileTools({ root: folder.path, write: true, ...options });
  const use = async (name: string, args: unknown, signal?: AbortSignal) =>
    await useTool(
      tools.find((tool) => tool.name === name),
      args,
      signal,
    );
  return {
    use,
    put: (path: string, content: string | Uint8Array) => writeFile(join(folder.path, path), content),
    at: (path: string) => join(folder.path, path),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

test('a file is read whole, by lines, and as far as maxBytes allows', async () => {
  await using open = await openTools({ maxBytes: 10 });
  await open.put('a.txt', 'one\ntwo\nthree\n');
  await open.put('b.txt', 'ab\ncd');
  await open.put('empty.txt', '');
  expect(await open.use('read_file', { path: 'b.txt' })).toBe('ab\ncd');
  expect(await open.use('read_file', { path: 'empty.txt' })).toBe('');
  expect(await open.use('read_file', { path: 'a.txt', startLine: 2, endLine: 2 })).toBe('two\n');
  expect(await open.use('read_file', { path: 'a.txt', startLine: 3 })).toBe('three\n');
  expect(await open.use('read_file', { path: 'a.txt' })).toBe(
    'one\ntwo\nth\n[Cut in line 3. Go on with startLine 3.]',
  );
  expect(await open.use('read_file', { path: 'a.txt', startLine: 9 })).toBe(
    '[There is no line 9: the file has 3.]',
  );
  expect(await open.use('read_file', { path: 'b.txt', startLine: 3 })).toBe(
    '[There is no line 3: the file has 2.]',
  );
  await expect(open.use('read_file', { path: 'a.txt', startLine: 3, endLine: 2 })).rejects.toMatchObject({
    code: 'bad-range',
  });
});

test('text is read wherever its characters lie in chunks, and is cut between them', async () => {
  await using open = await openTools({ maxBytes: 300_000 });
  const text = `${'x'.repeat(65_535)}ü${'y'.repeat(65_534)}€\nlast`; // both go through the edge of a chunk
  await open.put('long.txt', text);
  expect(await open.use('read_file', { path: 'long.txt' })).toBe(text);
  expect(await open.use('read_file', { path: 'long.txt', startLine: 2 })).toBe('last');
  await using small = await openTools({ maxBytes: 4 });
  await small.put('a.txt', 'abcü');
  expect(await small.use('read_file', { path: 'a.txt' })).toBe(
    'abc\n[Cut in line 1. Go on with startLine 1.]',
  );
});

test('what is not text in UTF-8 is refused', async () => {
  await using open = await openTools();
  await open.put('zero.bin', new Uint8Array([65, 0, 66]));
  await open.put('latin.txt', new Uint8Array([0x66, 0xfc, 0x72]));
  await open.put('half.txt', new Uint8Array([0x66, 0xe2, 0x82]));
  for (const path of ['zero.bin', 'latin.txt', 'half.txt']) {
    await expect(open.use('read_file', { path })).rejects.toMatchObject({ code: 'not-text' });
  }
});

test('a folder is listed in order, as deep as was asked, without what is ignored; links are not followed', async () => {
  await using open = await openTools({ maxEntries: 4 });
  await mkdir(open.at('src/deep'), { recursive: true });
  await mkdir(open.at('node_modules'));
  await open.put('src/b.ts', '12345');
  await open.put('src/deep/c.ts', '');
  await open.put('a.md', 'hi');
  await symlink('/', open.at('src/up'));
  expect(await open.use('list_files', {})).toBe('a.md (2 bytes)\nsrc/');
  expect(await open.use('list_files', { path: 'src' })).toBe('src/b.ts (5 bytes)\nsrc/deep/\nsrc/up@');
  expect(await open.use('list_files', { path: 'src/deep' })).toBe('src/deep/c.ts (0 bytes)');
  const all = await open.use('list_files', { depth: 3 });
  expect(all).toBe(
    'a.md (2 bytes)\nsrc/\nsrc/b.ts (5 bytes)\nsrc/deep/\n[Cut after 4 entries. List a folder further down, or fewer levels.]',
  );
  await expect(open.use('list_files', { path: 'src/up' })).rejects.toMatchObject({ code: 'tool/confined' });
  expect(await open.use('list_files', { path: 'node_modules' })).toBe('[The folder is empty.]');
});

test('lines are found by text and by regular expression, within the limits', async () => {
  await using open = await openTools({ maxMatches: 2, maxSearchBytes: 100 });
  await mkdir(open.at('sub'));
  await open.put('a.md', 'Wind (north)\nwave\nwind.');
  await open.put('sub/b.txt', `wind${'!'.repeat(90)}`);
  await open.put('large.txt', 'wind'.repeat(100));
  await open.put('binary.md', new Uint8Array([0x77, 0x69, 0x6e, 0x64, 0]));
  await symlink('/etc/passwd', open.at('leak'));
  expect(await open.use('search_files', { query: '(north)' })).toMatch(
    /^a.md:1: Wind \(north\)\n\[1 files were not searched/,
  );
  expect(await open.use('search_files', { query: 'wind', suffix: '.md' })).toBe(
    'a.md:1: Wind (north)\na.md:3: wind.',
  );
  expect(await open.use('search_files', { query: 'wind', isCaseSensitive: true, suffix: '.md' })).toBe(
    'a.md:3: wind.',
  );
  expect(await open.use('search_files', { query: '^w[ai]', isRegex: true, path: 'sub' })).toMatch(
    /^sub\/b.txt:1: wind!+$/,
  );
  expect(await open.use('search_files', { query: 'w' })).toMatch(/\[Cut after 2 lines/);
  expect(await open.use('search_files', { query: 'root:', suffix: 'leak' })).toBe('[No line was found.]');
  await expect(open.use('search_files', { query: '(', isRegex: true })).rejects.toMatchObject({
    code: 'bad-regex',
  });
  await expect(open.use('search_files', { query: 'x', path: '..' })).rejects.toMatchObject({
    code: 'tool/confined',
  });
});

test('a regular expression that never ends holds up nobody, and ends with its signal', async () => {
  await using open = await openTools();
  await open.put('a.txt', `${'a'.repeat(40)}!`);
  const controller = new AbortController();
  const search = open.use('search_files', { query: '^(a+)+$', isRegex: true }, controller.signal);
  let ticks = 0;
  while (ticks < 50) {
    await new Promise((resolve) => setTimeout(resolve, 2)); // the event loop is free all the while
    ticks++;
  }
  controller.abort(new Error('time is up'));
  await expect(search).rejects.toThrow('time is up');
});

test('a file is written whole, in new folders, with the mode that it had; a link is replaced and not followed', async () => {
  await using open = await openTools({ maxBytes: 5 });
  await using other = await openTempFolder();
  await writeFile(join(other.path, 'victim.txt'), 'safe');
  expect(await open.use('write_file', { path: 'x/y/z.txt', content: 'hello' })).toBe(
    'Wrote 5 bytes to x/y/z.txt.',
  );
  expect(await readFile(open.at('x/y/z.txt'), 'utf8')).toBe('hello');
  await chmod(open.at('x/y/z.txt'), 0o640);
  await open.use('write_file', { path: 'x/y/z.txt', content: 'bye' });
  expect([
    await readFile(open.at('x/y/z.txt'), 'utf8'),
    (await stat(open.at('x/y/z.txt'))).mode & 0o777,
  ]).toEqual(['bye', 0o640]);
  await symlink(join(other.path, 'victim.txt'), open.at('link.txt'));
  await open.use('write_file', { path: 'link.txt', content: 'new' });
  expect([
    await readFile(open.at('link.txt'), 'utf8'),
    await readFile(join(other.path, 'victim.txt'), 'utf8'),
  ]).toEqual(['new', 'safe']);
  await symlink(other.path, open.at('out'));
  await symlink(join(other.path, 'later'), open.at('dangling'));
  for (const path of ['out/new.txt', 'out/deep/new.txt', '../new.txt', '/tmp/new.txt']) {
    await expect(open.use('write_file', { path, content: 'no' }), path).rejects.toMatchObject({
      code: 'tool/confined',
    });
  }
  await expect(open.use('write_file', { path: 'dangling/new.txt', content: 'no' })).rejects.toThrow();
  await expect(open.use('write_file', { path: 'x', content: 'no' })).rejects.toMatchObject({
    code: 'not-a-file',
  });
  await expect(open.use('write_file', { path: '.', content: 'no' })).rejects.toMatchObject({
    code: 'not-a-file',
  });
  await expect(open.use('write_file', { path: 'a.txt', content: 'too long' })).rejects.toMatchObject({
    code: 'too-large',
  });
  expect(await readdir(other.path)).toEqual(['victim.txt']);
  expect((await readdir(open.at('.'), { recursive: true })).filter((name) => name.endsWith('.tmp'))).toEqual(
    [],
  );
});

test('there is no tool that writes unless it is asked for; options are checked', () => {
  expect(fileTools({ root: '.' }).map(({ name }) => name)).toEqual([
    'read_file',
    'list_files',
    'search_files',
  ]);
  expect(fileTools({ root: '.', write: true }).at(-1)).toMatchObject({
    name: 'write_file',
    sideEffect: true,
  });
  expect(() => fileTools({ root: '', maxBytes: 0 })).toThrow(/root.*\n.*maxBytes/);
});
