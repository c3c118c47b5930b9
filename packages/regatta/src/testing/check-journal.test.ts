import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Journal, sqliteJournal } from '../index.ts';
import { checkJournal, memoryJournal } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'regatta-journal-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

test('the journal in memory keeps the rules', async () => {
  expect(await checkJournal(memoryJournal)).toEqual([]);
});

test('the journal in a SQLite file keeps the rules, also between two openings', async () => {
  const open = () => sqliteJournal({ path: join(folder, `${++files}.db`) });
  const reopen = () => sqliteJournal({ path: join(folder, `${files}.db`) });
  expect(await checkJournal(open, { reopen })).toEqual([]);
}, 30_000);

/** Mistakes that a store could make, and the rule that sees them. */
const WRONG: Readonly<Record<string, (journal: Journal) => Partial<Journal>>> = {
  'The first record': ({ write }) => ({
    write: async (runId, record, epoch) => ({ ...(await write(runId, record, epoch)), isFirst: true }),
  }),
  'Of those who claim': ({ claim }) => ({ claim: (runId) => claim(runId, { takeOver: true }) }),
  'writes nothing more': ({ write }) => ({ write: (runId, record) => write(runId, record, null) }),
  'A run is created once': ({ create }) => ({ create: (...args) => create(...args).catch(() => undefined) }),
  'Runs are listed': ({ list }) => ({ list: async (filter) => (await list(filter)).toReversed() }),
  'Only what nobody holds': ({ prune }) => ({ prune: (policy) => prune({ ...policy, keep: 0 }) }),
  'in order': ({ read }) => ({
    read: async (runId) => {
      const found = await read(runId);
      return found && { ...found, records: found.records.toReversed() };
    },
  }),
};

test.each(Object.keys(WRONG))('a store that is wrong is found by the rule: %s', async (rule) => {
  const findings = await checkJournal(() => {
    const journal = memoryJournal();
    return { ...journal, ...WRONG[rule]!(journal) };
  });
  expect(findings.some((finding) => finding.includes(rule))).toBe(true);
});
