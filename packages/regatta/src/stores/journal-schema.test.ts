import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, expect, test } from 'vitest';
import { migrate } from './journal-schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'regatta-schema-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('who looks at an empty file, and gets it after another has made its tables, makes none (R54)', () => {
  const file = join(folder, 'runs.db');
  const [first, second] = [new DatabaseSync(file), new DatabaseSync(file)];
  // Between the first look of one process and its turn, another one migrates.
  const late = new Proxy(first, {
    get(target, name) {
      if (name !== 'exec') {
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      }
      return (sql: string) => {
        if (sql === 'BEGIN IMMEDIATE') migrate(second, file);
        target.exec(sql);
      };
    },
  });
  expect(() => migrate(late, file)).not.toThrow();
  expect(first.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 });
  expect(() => migrate(first, file)).not.toThrow();
  for (const database of [first, second]) database.close();
});

test('a file of the first version is read: its runs were recorded without settings', () => {
  const database = new DatabaseSync(join(folder, 'old.db'));
  migrate(database, 'old.db');
  database.exec(`
    INSERT INTO runs (id, name, status, epoch, lease_until, updated_at, record)
    VALUES ('r', 'crew', 'failed', 1, 0, 0, '{"runId":"r","inputs":{"topic":"ä"}}');
    PRAGMA user_version = 1;
  `);
  migrate(database, 'old.db');
  const { record } = database.prepare('SELECT record FROM runs').get() ?? {};
  expect(JSON.parse(String(record))).toEqual({ runId: 'r', inputs: { topic: 'ä' }, settings: null });
  expect(database.prepare('PRAGMA user_version').get()).toEqual({ user_version: 2 });
  database.close();
});
