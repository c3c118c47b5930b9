import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { jsonlSink } from './jsonl.ts';
import { runEvents } from './run-events.fixture.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function linesOf(file: string): Promise<readonly unknown[]> {
  const text = await readFile(file, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

test('every event is a line, in order, in a file whose folders are made', async () => {
  const file = join(folder, 'a/b/events.jsonl');
  const { observe } = jsonlSink(file);
  const events = runEvents();
  for (const event of events) await observe(event);
  expect(await linesOf(file)).toEqual(events);
});

test('events of runs at once make whole lines, each run in its own order', async () => {
  const file = join(folder, 'events.jsonl');
  const { observe } = jsonlSink(file);
  const runs = Array.from({ length: 50 }, (_, index) => runEvents({ runId: `run-${index}` }));
  // As lanes do it: one event of a run at a time, all runs side by side.
  await Promise.all(
    runs.map(async (events) => {
      for (const event of events) await observe(event);
    }),
  );
  const written = (await linesOf(file)) as readonly { readonly runId: string; readonly seq: number }[];
  expect(written).toHaveLength(50 * runs[0]!.length);
  for (const events of runs) {
    const own = written.filter(({ runId }) => runId === events[0]!.runId);
    expect(own.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq));
  }
});

test('a line pushed at any microtask boundary of a write is written', async () => {
  const [event] = runEvents();
  for (let boundary = 0; boundary < 12; boundary++) {
    const file = join(folder, `${boundary}.jsonl`);
    const { observe } = jsonlSink(file);
    const first = observe(event!);
    for (let hop = 0; hop < boundary; hop++) await undefined;
    const second = observe(event!);
    await Promise.all([first, second]);
    await observe(event!);
    expect(await linesOf(file)).toHaveLength(3);
  }
});

test('a failed write rejects, and later events are written once it works again', async () => {
  const file = join(folder, 'blocked');
  await mkdir(file); // a folder where the file should be
  const { observe } = jsonlSink(file);
  const events = runEvents();
  await expect(observe(events[0]!)).rejects.toThrow('EISDIR');
  await rm(file, { recursive: true });
  await observe(events[1]!);
  expect(await linesOf(file)).toEqual([events[1]]);
});

test('a folder that cannot be made rejects each event', async () => {
  await writeFile(join(folder, 'file'), '');
  const { observe } = jsonlSink(join(folder, 'file/events.jsonl'));
  await expect(observe(runEvents()[0]!)).rejects.toThrow();
  await expect(observe(runEvents()[1]!)).rejects.toThrow();
});

test('with one outcome only its ends are written', async () => {
  const file = join(folder, 'failures.jsonl');
  const { observe } = jsonlSink(file, { outcomes: 'failure' });
  for (const event of runEvents({ fails: true })) await observe(event);
  expect(await linesOf(file)).toMatchObject([{ type: 'tool.end', error: { code: 'tool/failed' } }]);
});
