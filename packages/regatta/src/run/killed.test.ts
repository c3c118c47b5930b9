/** Real processes on one SQLite file, killed at each of their writes and at any moment, until the run is done. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { type LedgerEntry, pendingInputsOf, type RunEvent, respond, sqliteJournal } from '../index.ts';
import { checkTrace } from '../testing/index.ts';
import { checkLives, type Life } from './harbour.fixture.ts';
import { asker } from './suspended.fixture.ts';

const fixture = fileURLToPath(new URL('./killed-process.fixture.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'regatta-killed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Kills at random moments, in runs at once; more for a night. */
const KILLS = Number(process.env.REGATTA_KILLS ?? 20);
const RUNS = 4;
const MAX_LIVES = 60;

const TEXTS = [
  'survey: saw pier, saw buoy, Tool "look" failed: fog at the mole, advice of survey.agent.turn-1.tool-3.advice',
  'report: booked four',
];

interface Line {
  readonly epoch?: number;
  readonly known?: readonly string[];
  readonly use?: Life['uses'][number];
  readonly event?: RunEvent;
  readonly done?: { readonly texts: readonly string[]; readonly ledger: readonly LedgerEntry[] };
}

interface Files {
  readonly db: string;
  readonly log: string;
}

const filesOf = (name: string): Files => ({
  db: join(folder, `${name}.db`),
  log: join(folder, `${name}.log`),
});

function begin({ db, log }: Files, ...args: string[]): ChildProcess {
  return spawn(process.execPath, ['--conditions=@regatta/source', fixture, db, log, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** The whole of a run's log, of which the last line may have been cut by a kill. */
function read({ log }: Files): readonly Line[] {
  const lines = readFileSync(log, 'utf8').split('\n');
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as Line];
    } catch {
      return [];
    }
  });
}

/** Everything that must be true of all lives of a run together. */
async function check(files: Files): Promise<void> {
  const lines = read(files);
  const lives: { epoch: number; known: readonly string[]; uses: Life['uses'][number][] }[] = [];
  for (const { epoch = 1, known, use } of lines) {
    if (known !== undefined) lives.push({ epoch, known, uses: [] });
    if (use !== undefined) lives.at(-1)!.uses.push(use);
  }
  const [first, ...again] = lines.flatMap((line) => line.done ?? []);
  const { texts, ledger } = first!;
  expect(texts).toEqual(TEXTS);
  // A process that was killed as it left is followed by one that finds the run at its end.
  for (const done of again) expect(done).toEqual(first);
  const journal = sqliteJournal({ path: files.db });
  const runs = await journal.list();
  expect(runs).toMatchObject([{ status: 'succeeded', heldBy: null }]);
  const { records = [] } = (await journal.read(runs[0]!.runId)) ?? {};
  await journal.close();
  expect(checkLives(lives, { ledger, records })).toEqual([]);
  const events = lines.flatMap(({ event }) => event ?? []);
  expect(checkTrace(events, { ledger })).toEqual([]);
}

test('a run whose process is killed at each of its writes ends once, and repeats nothing that is recorded (D17)', async () => {
  const files = filesOf('boundaries');
  let lives = 0;
  let kills = 0;
  for (let isDone = false; !isDone; ) {
    expect(++lives).toBeLessThan(MAX_LIVES);
    // Before, and after, the first, second, … write of a life: with the third, a call is over.
    const at = String(1 + (Math.floor(lives / 2) % 4));
    const child = begin(files, '1', at, lives % 2 === 0 ? 'before' : 'after');
    const [, signal] = await once(child, 'exit');
    isDone = signal === null;
    if (signal === 'SIGKILL') kills++;
  }
  expect(kills).toBeGreaterThan(5);
  await check(files);
}, 120_000);

test('a run whose process is killed at any moment ends once, and repeats nothing that is recorded (D17)', async () => {
  let kills = 0;
  const survive = async (name: string, seed: number): Promise<void> => {
    const files = filesOf(name);
    for (let life = 1; ; life++) {
      expect(life).toBeLessThan(MAX_LIVES);
      const child = begin(files, '15');
      const ended = once(child, 'exit');
      const isUnderWay = await Promise.race([
        once(child.stdout!, 'data').then(() => true),
        ended.then(() => false),
      ]);
      if (isUnderWay && kills < KILLS) {
        const draw = Math.abs(Math.imul(seed * 7919 + life, 0x9e3779b1)) % 120;
        await new Promise((resolve) => setTimeout(resolve, draw));
        child.kill('SIGKILL');
      }
      const [code, signal] = await ended;
      if (signal === 'SIGKILL') kills++;
      else {
        expect(code).toBe(0);
        break;
      }
    }
    await check(files);
  };
  for (let round = 0; kills < KILLS && round < KILLS; round++)
    await Promise.all(
      Array.from({ length: RUNS }, (_, index) => survive(`${round}-${index}`, round * RUNS + index)),
    );
  expect(kills).toBeGreaterThanOrEqual(KILLS);
}, 600_000);

test('a run whose process is killed while it waits for a person goes on with the answer', async () => {
  const files = filesOf('asker');
  writeFileSync(files.log, '');
  const child = begin(files, 'asker');
  await expect
    .poll(() => read(files).some(({ event }) => event?.type === 'input.start'), { timeout: 20_000 })
    .toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const journal = sqliteJournal({ path: files.db });
  const [{ runId } = { runId: '' }] = await journal.list();
  const [asked] = pendingInputsOf(runId, (await journal.read(runId))?.records ?? []);
  await respond(journal, runId, { token: asked!.token, answer: { text: 'Kiel' } });
  const run = await asker.resume(runId, { journal });
  expect((await run.result).text).toBe('{"text":"Kiel"}');
  await journal.close();
}, 60_000);
