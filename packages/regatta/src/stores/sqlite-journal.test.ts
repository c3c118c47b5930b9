import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { z } from 'zod';
import {
  Agent,
  Crew,
  createRuntime,
  defineTool,
  LLM,
  type RunRecord,
  sqliteJournal,
  Task,
} from '../index.ts';
import { harbour } from '../run/harbour.fixture.ts';
import { scriptedModel } from '../testing/index.ts';

vi.setConfig({ testTimeout: 60_000 }); // processes start slowly on a busy machine

const fixture = fileURLToPath(new URL('./journal-process.fixture.ts', import.meta.url));
const blank: Omit<RunRecord, 'runId'> = {
  name: 'crew',
  ref: null,
  fingerprint: {},
  inputs: {},
  startedAtMs: 0,
  seed: 0,
  settings: null,
  parent: null,
};
const runOf = (runId: string): RunRecord => ({ ...blank, runId });

let folder: string;
let children: ChildProcess[];
let open: AsyncDisposable[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'regatta-journal-'));
  children = [];
  open = [];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const journal of open) await journal[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const path = () => join(folder, 'deep', 'runs.db');
function journalAt(options = {}) {
  const journal = sqliteJournal({ path: path(), ...options });
  open.push(journal);
  return journal;
}

/** A process of the fixture, and what it says, a line at a time. */
function processOf(...args: string[]) {
  const child = spawn(process.execPath, ['--conditions=@regatta/source', fixture, path(), ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  children.push(child);
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return { child, said: async () => (await lines.next()).value as string, gone: once(child, 'exit') };
}

test('sixteen processes that open an empty file at once make it one journal, and end by themselves (R54, D15)', async () => {
  const names = Array.from({ length: 16 }, (_, index) => `run-${index}`);
  const processes = names.map((name) => processOf('write', name));
  expect(await Promise.all(processes.map(({ gone }) => gone))).toEqual(names.map(() => [0, null]));
  const journal = journalAt();
  expect((await journal.list()).map(({ runId }) => runId).sort()).toEqual([...names].sort());
  for (const name of names) {
    const values = (await journal.read(name))?.records.map(({ value }) => value);
    expect(values).toEqual(Array.from({ length: 20 }, (_, index) => index));
  }
});

test('a run whose process was killed is free at once; one whose process lives is not', async () => {
  const holder = processOf('hold', 'r');
  expect(await holder.said()).toBe('held');
  const journal = journalAt();
  await expect(journal.claim('r', { takeOver: false })).rejects.toMatchObject({
    code: 'journal/held',
    details: { heldBy: expect.stringContaining(`process ${holder.child.pid}`) },
  });
  expect((await journal.list())[0]).toMatchObject({ status: 'running', heldBy: expect.any(String) });
  holder.child.kill('SIGKILL');
  await holder.gone;
  expect((await journal.list())[0]).toMatchObject({ status: 'running', heldBy: null });
  expect((await journal.claim('r', { takeOver: false })).run.epoch).toBe(2);
});

test('a process that stands still past its lease, and wakes, writes nothing more (R53, D18)', async () => {
  const holder = processOf('hold', 'r', '1000');
  expect(await holder.said()).toBe('held');
  const journal = journalAt({ leaseMs: 1_000 });
  const claim = () => journal.claim('r', { takeOver: false });
  // It gives signs of life: far longer than a lease, it is held.
  const until = performance.now() + 1_500;
  while (performance.now() < until) await expect(claim()).rejects.toMatchObject({ code: 'journal/held' });
  holder.child.kill('SIGSTOP');
  await expect
    .poll(
      () =>
        claim().then(
          ({ run }) => run.epoch,
          () => 0,
        ),
      { timeout: 5_000 },
    )
    .toBe(2);
  holder.child.kill('SIGCONT');
  holder.child.stdin!.write('write\n');
  expect(await holder.said()).toBe('journal/lost');
  expect((await journal.read('r'))?.records).toEqual([]);
});

test('of processes that resume one run at once, one gets it', async () => {
  const journal = journalAt();
  await journal.create(runOf('r'), []);
  const ending = { status: 'failed', output: null, error: null, usage: {} } as never;
  await journal.end('r', ending, 1);
  const processes = Array.from({ length: 4 }, () => processOf('claim', 'r'));
  const said = await Promise.all(processes.map((one) => one.said()));
  expect(said.sort()).toEqual(['epoch 2', 'journal/held', 'journal/held', 'journal/held']);
  for (const { child } of processes) child.stdin!.end();
  await Promise.all(processes.map(({ gone }) => gone));
});

test('while another holds the file the event loop goes on, and the write is made after (R52, R55)', async () => {
  const journal = journalAt();
  await journal.create(runOf('r'), []);
  const other = new DatabaseSync(path());
  other.exec('BEGIN IMMEDIATE');
  let isWritten = false;
  const writing = journal.write('r', { key: 'a:tool', value: 1 }, 1).then(() => {
    isWritten = true;
  });
  // Reads are answered by the thread, behind the write that waits.
  for (let read = 0; read < 20; read++) expect((await journal.read('r'))?.records).toEqual([]);
  expect(isWritten).toBe(false);
  other.exec('ROLLBACK');
  other.close();
  await writing;
  expect((await journal.read('r'))?.records).toHaveLength(1);
});

test('writes that wait together are one transaction, in the order in which they were asked for', async () => {
  const journal = journalAt();
  await journal.create(runOf('r'), []);
  const other = new DatabaseSync(path());
  const version = () => Number(other.prepare('PRAGMA data_version').get()!.data_version);
  const before = version();
  const keys = Array.from({ length: 200 }, (_, index) => `step-${index}:tool`);
  await Promise.all(keys.map((key, value) => journal.write('r', { key, value }, 1)));
  expect(version() - before).toBeLessThan(20);
  expect((await journal.read('r'))?.records.map(({ key }) => key)).toEqual(keys);
  other.close();
});

test('a step that is done is in the file: in WAL mode, with every commit waited for', async () => {
  const journal = journalAt();
  await journal.create(runOf('r'), []);
  await journal.write('r', { key: 'a:tool', value: 'kept' }, 1);
  const other = new DatabaseSync(path());
  expect(other.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  expect(other.prepare('SELECT key, value FROM records').all()).toEqual([{ key: 'a:tool', value: '"kept"' }]);
  other.close();
});

test('a file that is no journal, or of a newer version, is refused and left as it is', async () => {
  const text = join(folder, 'text.db');
  writeFileSync(text, 'this is a text, and long enough to be taken for the head of something '.repeat(20));
  const foreign = join(folder, 'foreign.db');
  new DatabaseSync(foreign).exec('CREATE TABLE theirs (a)');
  const newer = join(folder, 'newer.db');
  const journal = sqliteJournal({ path: newer });
  await journal.create(runOf('r'), []);
  await journal.close();
  new DatabaseSync(newer).exec('PRAGMA user_version = 99');
  for (const [file, code] of [
    [text, 'journal/failed'],
    [foreign, 'journal/bad-file'],
    [newer, 'journal/bad-file'],
  ] as const) {
    const wrong = sqliteJournal({ path: file });
    await expect(wrong.create(runOf('x'), [])).rejects.toMatchObject({ code, details: { file } });
    await expect(wrong.list()).rejects.toMatchObject({ code });
    await wrong.close();
  }
  expect(readFileSync(text, 'utf8')).toMatch(/^this is a text/);
});

test('a run whose journal cannot be written fails, and does nothing that is not recorded', async () => {
  const file = join(folder, 'foreign.db');
  new DatabaseSync(file).exec('CREATE TABLE theirs (a)');
  const llm = scriptedModel(['never asked']);
  const agent = new Agent({ role: 'r', goal: 'g', llm });
  const crew = new Crew({
    agents: [agent],
    tasks: [new Task({ description: 'd', expectedOutput: 'e', agent })],
  });
  await using runtime = createRuntime({ journal: file });
  await expect(runtime.run(crew)).rejects.toMatchObject({ code: 'journal/bad-file' });
  expect(llm.requests).toHaveLength(0);
});

test('after close everything is refused, and closing again changes nothing', async () => {
  const journal = journalAt();
  await journal.create(runOf('r'), []);
  await Promise.all([journal.close(), journal.close()]);
  await expect(journal.read('r')).rejects.toMatchObject({ code: 'journal/failed' });
  await sqliteJournal({ path: path() }).close();
});

test('secrets and the context of a run are nowhere in the files of the journal', async () => {
  const planted = ['sk-planted-in-settings', 'planted-in-headers', 'planted-in-env', 'planted-in-context'];
  const seen: string[] = [];
  const llm = new LLM({
    model: 'openai-compatible/m',
    baseURL: 'http://model.example/v1',
    apiKey: planted[0]!,
    headers: { 'x-tenant-key': planted[1]! },
    fetch: async (_, init) => {
      seen.push(JSON.stringify(Object.fromEntries(new Headers(init?.headers))));
      const calls = [{ id: 'c', type: 'function', function: { name: 'use', arguments: '{}' } }];
      const message = seen.length === 1 ? { content: null, tool_calls: calls } : { content: 'done' };
      const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
      const finish_reason = seen.length === 1 ? 'tool_calls' : 'stop';
      const choices = [{ index: 0, message: { role: 'assistant', ...message }, finish_reason }];
      return Response.json({ id: 'x', model: 'm', choices, usage });
    },
  });
  const use = defineTool({
    name: 'use',
    description: 'Uses the context.',
    input: z.object({}),
    execute: (_, { context }) => `used ${String((context as { token: string }).token.length)}`,
  });
  const agent = new Agent({ role: 'r', goal: 'g', llm, tools: [use] });
  const crew = new Crew({
    agents: [agent],
    tasks: [new Task({ description: 'd', expectedOutput: 'e', agent })],
  });
  await using runtime = createRuntime({ journal: path(), env: { OPENAI_API_KEY: planted[2]! } });
  expect((await runtime.run(crew, { context: { token: planted[3] } })).text).toBe('done');
  expect(seen.join()).toContain(planted[0]);
  expect(seen.join()).toContain(planted[1]);
  const bytes = readdirSync(join(folder, 'deep'))
    .map((name) => readFileSync(join(folder, 'deep', name), 'latin1'))
    .join();
  expect(bytes).toContain('used 18'); // what a tool gave is there
  for (const secret of planted) expect(bytes).not.toContain(secret);
});

test('a run of two tasks and five model calls takes a few kilobytes, and gives them back when it is pruned', async () => {
  const journal = journalAt();
  const crew = harbour({ log: () => undefined });
  await crew.kickoff({ inputs: { port: 'Brest' }, journal });
  const sizes = () => {
    const database = new DatabaseSync(path());
    const bytes = database.prepare(
      'SELECT sum(length(key) + length(value)) AS bytes, count(*) AS rows FROM records',
    );
    const { bytes: own, rows } = bytes.get()!;
    const run = database.prepare('SELECT sum(length(record) + length(ending)) AS bytes FROM runs').get()!;
    database.close();
    return { rows: Number(rows), records: Number(own), run: Number(run.bytes) };
  };
  const { rows, records, run } = sizes();
  expect(rows).toBe(24);
  expect(records + run).toBeLessThan(8 * 1024);
  expect(await journal.prune({ keep: 1 })).toBe(0);
  expect(await journal.prune({})).toBe(1);
  expect(sizes().rows).toBe(0);
});
