import { expect, test } from 'vitest';
import { createRuntime, type RunEvent } from '../../index.ts';
import { runAll } from '../run-all.ts';
import { createDemoRuns } from './demo-runs.ts';
import { searchRows } from './search.ts';

type ToolEnd = RunEvent & { readonly type: 'tool.end' };

test('the tools of the demonstration do real work, each for its own run, without an error', async () => {
  const runtime = createRuntime({ llm: 'rehearsal' });
  const runs = createDemoRuns();
  const ends: { readonly marker: string; readonly event: ToolEnd }[] = [];
  await runAll(
    runs.map(({ entry }) => entry),
    {
      runtime,
      concurrency: runs.length,
      signal: new AbortController().signal,
      onChange(index, _lane, event) {
        if (event?.type === 'tool.end') ends.push({ marker: runs[index]!.witness.marker, event });
      },
    },
  );
  await runtime.close();
  for (const { marker, event } of ends) {
    expect(event.error).toBeNull();
    expect(JSON.parse(event.result)).toMatchObject({ for: marker });
  }
  const resultOf = (marker: string, tool: string): unknown => {
    const found = ends.find((end) => end.marker === marker && end.event.tool === tool);
    return found && JSON.parse(found.event.result).result;
  };
  expect(resultOf('RUN-a1b2', 'search_catalogue')).toContainEqual({ name: 'Gull 12', priceEur: 4900 });
  expect(resultOf('RUN-b7d1', 'compare_prices')).toMatchObject({ lowest: 8750, highest: 41_000 });
  expect(resultOf('RUN-e49b', 'convert_length')).toEqual({ length: 4.27, unit: 'metres' });
  expect(resultOf('RUN-62aa', 'next_version')).toBe('1.10.0');
  expect(resultOf('RUN-3f0c', 'list_changes')).toContainEqual(expect.objectContaining({ id: 815 }));
  expect(resultOf('RUN-9d47', 'outage_minutes')).toEqual({ minutes: 34 });
  expect(resultOf('RUN-2bc8', 'grep_log')).toContain('04:06:45 mail ERROR provider answers 429, queue grows');
  expect(resultOf('RUN-5e86', 'measure_route')).toEqual({ ports: ['Kiel', 'Oslo'], nauticalMiles: 335 });
  expect(resultOf('RUN-d936', 'convert_distance')).toEqual({ kilometres: 185 });
  expect(resultOf('RUN-18f3', 'add_hours')).toMatch(/^\d{4}-\d\d-\d\dT/);
});

test('a search gives the rows that share the most words, best first, and none that shares no word', () => {
  const rows = ['blue boats for rent', 'red boat', 'a tree', 'blue sea'];
  const options = { textOf: (row: string) => row, limit: 2 };
  expect(searchRows(rows, 'Blue BOAT?', options)).toEqual(['blue boats for rent', 'red boat']);
  expect(searchRows(rows, 'for the', options)).toEqual([]);
});
