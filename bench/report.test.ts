import { expect, test } from 'vitest';
import { compareRatios, toRatios } from './check.ts';
import type { Figures } from './measure.ts';
import { countDisturbed, isMet, median, type RunRecord, summarise, toMarkdown } from './report.ts';
import type { Correctness } from './runner.ts';

const FAULTLESS: Correctness = {
  crews: 10,
  failed: 0,
  firstError: null,
  wrong: 0,
  expected: 180,
  received: 180,
  lost: 0,
  extra: 0,
  foreign: 0,
};

function record(
  contestant: string,
  scenario: string,
  figures: Partial<Figures>,
  correctness: Partial<Correctness> = {},
): RunRecord {
  const measurement = { firstCrewMs: 20, ...figures, correctness: { ...FAULTLESS, ...correctness } };
  return { contestant, scenario, round: 0, measurement };
}

const RECORDS = [
  ...[0.4, 0.5, 0.9].map((cpuMsPerCrew) => record('loop', 'load-100', { cpuMsPerCrew })),
  ...[2.5, 1, 1.25].map((cpuMsPerCrew) => record('regatta', 'load-100', { cpuMsPerCrew })),
  record('loop', 'freeze-100', { liveKbPerCrew: 5 }),
  record('regatta', 'freeze-100', { liveKbPerCrew: 50 }),
];

test('the median of an even number is between the two in the middle, and of nothing there is none', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNull();
});

test('a row holds medians, and ratios to the loop', () => {
  const row = summarise(RECORDS, null).find(({ name }) => name === 'cpu-100');
  expect(row?.cells).toEqual({ loop: { value: 0.5, ratio: 1 }, regatta: { value: 1.25, ratio: 2.5 } });
});

test('a target is met at its bound, by ratio or by value', () => {
  const rows = new Map(
    summarise(RECORDS, { empty: 30, undici: 60, regatta: 150.1 }).map((row) => [row.name, row]),
  );
  expect(isMet(rows.get('cpu-100')!)).toBe(true);
  expect(isMet(rows.get('live-100')!)).toBe(false);
  expect(isMet(rows.get('import')!)).toBe(false);
  expect(isMet(rows.get('first-crew') ?? { ...rows.get('import')!, target: null })).toBeNull();
});

test('a run with others on its core counts only where there is no other one', () => {
  const disturbed = record('loop', 'load-100', { cpuMsPerCrew: 99, othersShare: 0.5 });
  const only = record('codec', 'load-100', { cpuMsPerCrew: 7, othersShare: 0.5 });
  const row = summarise([...RECORDS, disturbed, only], null).find(({ name }) => name === 'cpu-100');
  expect(row?.cells.loop?.value).toBe(0.5);
  expect(row?.cells.codec?.value).toBe(7);
  expect(countDisturbed([...RECORDS, disturbed, only])).toBe(2);
});

test('the table has a line for each measure, with the ratio first, and says which targets are met', () => {
  const rows = summarise(RECORDS, { empty: 30, undici: 60, regatta: 100 });
  expect(toMarkdown(rows, RECORDS).split('\n')).toEqual([
    '| measure | loop | regatta | target | met |',
    '| --- | ---: | ---: | ---: | ---: |',
    '| CPU per crew, 100 at once | **1.00×** (0.50 ms) | **2.50×** (1.25 ms) | ≤ 2.5× | yes |',
    '| live heap per crew in flight, 100 at once | **1.00×** (5.00 KB) | **10.0×** (50.0 KB) | ≤ 15 KB | **no** |',
    '| import, beyond bare Node (loop: undici) | **1.00×** (30.0 ms) | **2.33×** (70.0 ms) | ≤ 60 ms | **no** |',
    '| crews run | 40 | 40 |  |  |',
    '| events lost / extra / foreign | 0 / 0 / 0 | 0 / 0 / 0 | 0 / 0 / 0 | yes |',
    '| crews failed / with a wrong answer | 0 / 0 | 0 / 0 | 0 / 0 | yes |',
  ]);
});

test('one foreign event anywhere is in the table', () => {
  const records = [...RECORDS, record('regatta', 'retain', {}, { foreign: 1 })];
  expect(toMarkdown(summarise(records, null), records)).toContain('| 0 / 0 / 1 | 0 / 0 / 0 | **no** |');
});

test('ratios of costs are compared, and only more than 15 % worse is a finding', () => {
  const ratios = toRatios(summarise(RECORDS, { empty: 30, undici: 60, regatta: 100 }));
  expect(Object.keys(ratios)).toEqual(['cpu-100', 'live-100', 'import']);
  expect(compareRatios(ratios, ratios)).toEqual([]);
  expect(compareRatios({ 'cpu-100': 4 }, { 'cpu-100': 4.6 })).toEqual([]);
  expect(compareRatios({ 'cpu-100': 4 }, { 'cpu-100': 1 })).toEqual([]);
  expect(compareRatios({ 'cpu-100': 4 }, { 'cpu-100': 4.8 })).toEqual([
    'cpu-100 is 4.80× the loop and was 4.00×: 20 % worse.',
  ]);
  expect(compareRatios({ 'cpu-100': 4 }, {})).toEqual(['cpu-100 was not measured. Run the whole benchmark.']);
});
