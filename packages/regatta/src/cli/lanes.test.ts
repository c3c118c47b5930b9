import picocolors from 'picocolors';
import { expect, test } from 'vitest';
import { createLane, type Lane } from './lane.ts';
import { renderLanes } from './lanes.ts';
import { clean, widthOf } from './text.ts';

const colors = picocolors.createColors(false);
const view = { columns: 100, rows: 24, now: 12_000, colors };

const waiting = createLane('late', 2);
const running: Lane = {
  ...createLane('RUN-a1b2 tides', 3),
  status: 'running',
  startedAt: 10_000,
  doneTasks: 1,
  calls: 4,
  tokens: 1234,
  costUsd: 0.0012,
  open: [
    { spanId: 'a', kind: 'task', name: 'compare' },
    { spanId: 'b', kind: 'agent', name: 'Analyst' },
    { spanId: 'c', kind: 'tool', name: 'search' },
    { spanId: 'd', kind: 'tool', name: 'convert' },
  ],
};
const failed: Lane = {
  ...createLane('broken', 1),
  status: 'failed',
  startedAt: 10_000,
  endedAt: 10_500,
  errorCode: 'model/timeout',
  calls: 1,
  tokens: 10,
  costUsd: null,
};

test('one line says name, state, task, work, calls, tokens, cost and time', () => {
  const lines = renderLanes([running, failed, waiting], view);
  expect(lines.map((line) => line.replace(/ {2,}/g, '  ').trim())).toEqual([
    'run  task  at work  calls  tokens  cost  time',
    '⠋ RUN-a1b2 tides  1/3 compare  search +1  4  1,234  $0.0012  2.0 s',
    '✗ broken  0/1  model/timeout  1  10  —  0.5 s',
    '· late  0/2  waiting  0  0  —',
    '3 runs: 1 running, 1 waiting, 1 failed · 5 calls, 1,244 tokens · cost — · 2.0 s',
  ]);
});

test('an agent without a tool at work waits for its model', () => {
  const lane = { ...running, open: running.open.slice(0, 2) };
  expect(renderLanes([lane], view)[1]).toContain('Analyst');
});

test.each([20, 40, 60, 80, 100, 200])('nothing is wider than %d columns less one', (columns) => {
  const long = { ...running, name: '潮汐'.repeat(40), written: 'word '.repeat(100) };
  const lines = renderLanes([long, running, failed, waiting], { ...view, columns });
  for (const line of lines) expect(widthOf(line)).toBeLessThan(columns);
});

test('the columns stand under each other, also with wide characters', () => {
  const lanes = [running, { ...running, name: '潮汐 tides 🚣' }];
  const [, first, second] = renderLanes(lanes, view);
  expect(widthOf(first ?? '')).toBe(widthOf(second ?? ''));
});

test.each([4, 8, 12, 24])('%d rows are enough, and those at work are shown first', (rows) => {
  const lanes = [...Array.from({ length: 20 }, () => failed), ...Array.from({ length: 6 }, () => running)];
  const lines = renderLanes(lanes, { ...view, rows });
  expect(lines.length).toBeLessThan(rows);
  const shown = lines.slice(1, -1);
  expect(shown.filter((line) => line.startsWith('⠋'))).toHaveLength(Math.min(6, shown.length));
  expect(lines.at(-1)).toContain(`${26 - shown.length} not shown`);
});

test('what is being written stands below its lane while there is room', () => {
  const lane = { ...running, written: 'The tide\nrises' };
  expect(renderLanes([lane], view)[2]).toBe('  │ The tide rises');
  expect(renderLanes([lane], { ...view, rows: 4 })).toHaveLength(3);
});

test('names cannot bring control codes to the terminal', () => {
  const lanes = [{ ...running, name: 'a\x1b[2Jb\nc' }];
  const text = renderLanes(lanes, view).join('');
  expect(clean(text)).toBe(text);
  expect(text).toContain('ab c');
});
