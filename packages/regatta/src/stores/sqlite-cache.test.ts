import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SqliteCache, sqliteCache } from '../index.ts';

const run = promisify(execFile);
const fixture = fileURLToPath(new URL('./sqlite-writer.fixture.ts', import.meta.url));
const life = { nowMs: 0, expiresAtMs: 1_000 };

let folder: string;
let open: SqliteCache[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'regatta-cache-'));
  open = [];
});
afterEach(async () => {
  for (const cache of open) await cache.close();
  rmSync(folder, { recursive: true, force: true });
});

const path = () => join(folder, 'deep', 'replies.db');
function openCache(options = {}): SqliteCache {
  const cache = sqliteCache(path(), options);
  open.push(cache);
  return cache;
}
async function process_(...args: string[]): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, ['--conditions=@regatta/source', fixture, ...args]);
  expect(stderr).toBe('');
  return stdout;
}

test('what is written can be read at once, and after the file was closed', async () => {
  const cache = openCache();
  cache.write('a', 'A', life);
  expect(await cache.read('a', 1)).toBe('A');
  cache.write('a', 'AA', life);
  expect([await cache.read('a', 1), await cache.read('b', 1)]).toEqual(['AA', undefined]);
  await cache.close();
  const again = openCache();
  expect([await again.read('a', 999), await again.read('a', 1_000)]).toEqual(['AA', undefined]);
  expect(again.stats()).toEqual({ hits: 0, misses: 0, evictions: 0, failures: 0 });
});

test('what was used least lately makes room, by number and by bytes', async () => {
  const cache = openCache({ maxEntries: 2 });
  cache.write('a', 'A', { ...life, nowMs: 1 });
  cache.write('b', 'B', { ...life, nowMs: 2 });
  await cache.flush();
  expect(await cache.read('a', 3)).toBe('A');
  cache.write('c', 'C', { ...life, nowMs: 4 });
  await cache.flush();
  expect(await Promise.all(['a', 'b', 'c'].map((key) => cache.read(key, 5)))).toEqual(['A', undefined, 'C']);
  expect(cache.stats().evictions).toBe(1);
  await cache.close();
  const small = openCache({ maxBytes: 3 });
  small.write('d', 'DDD', { ...life, nowMs: 6 });
  await small.flush();
  expect(await Promise.all(['a', 'c', 'd'].map((key) => small.read(key, 7)))).toEqual([
    undefined,
    undefined,
    'DDD',
  ]);
});

test('two processes write one file at once, and nothing is lost', async () => {
  const outputs = await Promise.all(['one', 'two', 'three'].map((name) => process_(path(), 'write', name)));
  for (const output of outputs) expect(JSON.parse(output)).toMatchObject({ evictions: 0, failures: 0 });
  const cache = openCache();
  for (const name of ['one', 'two', 'three']) {
    for (let index = 0; index < 50; index++)
      expect(await cache.read(`${name}-${index}`, 1)).toBe(`text ${index}`);
  }
});

test('a process finds what another one has asked: no request, nothing billed', async () => {
  const first = JSON.parse(await process_(path(), 'ask'));
  const second = JSON.parse(await process_(path(), 'ask'));
  expect(first).toMatchObject({ requests: 1, attempts: 1, totalTokens: 10, stats: { hits: 0, misses: 1 } });
  expect(second).toMatchObject({ requests: 0, attempts: 0, totalTokens: 0, stats: { hits: 1, misses: 0 } });
  expect(second.text).toBe(first.text);
});

test('a process that has written ends by itself', async () => {
  expect(await process_(path(), 'forget')).toBe('done');
});

test('while another holds the file the event loop goes on, reads are answered, and the write is made after', async () => {
  const cache = openCache();
  cache.write('a', 'A', life);
  await cache.flush();
  const other = new DatabaseSync(path());
  other.exec('BEGIN IMMEDIATE');
  cache.write('b', 'B', life);
  const flushed = cache.flush();
  let isFlushed = false;
  void flushed.then(() => {
    isFlushed = true;
  });
  expect(await cache.read('a', 1)).toBe('A'); // answered by the thread, behind the write that waits
  expect(await cache.read('b', 1)).toBe('B');
  expect(isFlushed).toBe(false);
  other.exec('ROLLBACK');
  await flushed;
  expect(other.prepare('SELECT text FROM replies WHERE key = ?').get('b')).toEqual({ text: 'B' });
  other.close();
  expect(cache.stats().failures).toBe(0);
});

test('a file that is no database fails no call: reads are misses, and failures are counted', async () => {
  const cache = openCache();
  await cache.close();
  const file = join(folder, 'text.db');
  writeFileSync(file, 'this is a text, and long enough to be taken for the head of something '.repeat(20));
  const broken = sqliteCache(file);
  open.push(broken);
  broken.write('a', 'A', life);
  await broken.flush();
  expect(await broken.read('a', 1)).toBeUndefined();
  expect(broken.stats().failures).toBe(2);
});

test('after close reads are misses, and closing again changes nothing', async () => {
  const cache = openCache();
  cache.write('a', 'A', life);
  await Promise.all([cache.close(), cache.close()]);
  expect(await cache.read('a', 1)).toBeUndefined();
  cache.write('b', 'B', life);
  expect(cache.stats().failures).toBe(1);
  await cache.flush();
});
