import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { whileBusy } from './busy.ts';

let folder: string;
let holder: DatabaseSync;
let writer: DatabaseSync;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'regatta-busy-'));
  const file = join(folder, 'held.db');
  holder = new DatabaseSync(file);
  holder.exec('CREATE TABLE kept (text TEXT); BEGIN IMMEDIATE');
  writer = new DatabaseSync(file);
  writer.exec('PRAGMA busy_timeout = 0');
});

afterEach(() => {
  holder.close();
  writer.close();
  rmSync(folder, { recursive: true, force: true });
});

const write = (): void => writer.exec("INSERT INTO kept VALUES ('A')");

test('a write to a file that another holds is made once the file is free (R55)', async () => {
  let tries = 0;
  const written = whileBusy(() => {
    tries++;
    write();
  }, 60_000);
  expect(tries).toBe(1); // and it found the file held
  holder.exec('ROLLBACK');
  await expect(written).resolves.toBeUndefined();
  expect(holder.prepare('SELECT text FROM kept').all()).toEqual([{ text: 'A' }]);
});

test('what stays busy for too long is given up with the error of the file', async () => {
  await expect(whileBusy(write, 0)).rejects.toMatchObject({ errcode: 5 });
});

test('any other error is thrown at once', async () => {
  let tries = 0;
  const broken = whileBusy(() => {
    tries++;
    throw new Error('no disk');
  }, 60_000);
  await expect(broken).rejects.toThrow('no disk');
  expect(tries).toBe(1);
});
