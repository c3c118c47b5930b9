import { expect, test, vi } from 'vitest';
import { Embedder } from '../index.ts';
import { consoleSink } from './console.ts';
import { RUN_ID, runEvents } from './run-events.fixture.ts';

test('each end is one line with its name, counts and duration, and without contents', () => {
  const lines: string[] = [];
  const { observe } = consoleSink({ write: (line) => lines.push(line) });
  for (const event of runEvents({ fails: true })) observe(event);
  const at = (ms: number): string => new Date(1_800_000_000_000 + ms).toISOString();
  expect(lines).toEqual([
    `${at(50)} ${RUN_ID} model openai/gpt-4o-mini 10+3 tokens $0.000500 2 attempts ok 20 ms\n`,
    `${at(70)} ${RUN_ID} tool "search" failed (tool/failed: It broke.) 10 ms\n`,
    `${at(90)} ${RUN_ID} model openai/gpt-4o-mini 10+3 tokens $0.000500 ok 10 ms\n`,
    `${at(100)} ${RUN_ID} agent "writer" 2 calls ok 80 ms\n`,
    `${at(110)} ${RUN_ID} task "report" done ok 100 ms\n`,
    `${at(120)} ${RUN_ID} run succeeded 2 calls 25 tokens $0.001250 ok 120 ms\n`,
  ]);
  expect(lines.join('')).not.toContain('secret');
});

test.each([
  ['success', 5],
  ['failure', 1],
] as const)('with outcome %s only such ends are written', (outcomes, count) => {
  const lines: string[] = [];
  const { observe } = consoleSink({ write: (line) => lines.push(line), outcomes });
  for (const event of runEvents({ fails: true })) observe(event);
  expect(lines).toHaveLength(count);
});

test('stdout is looked up when a line is written', () => {
  const { observe } = consoleSink();
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  try {
    for (const event of runEvents()) observe(event);
    expect(write).toHaveBeenCalledTimes(6);
  } finally {
    write.mockRestore();
  }
});

test('an error with line breaks stays on its line', () => {
  const lines: string[] = [];
  const { observe } = consoleSink({ write: (line) => lines.push(line) });
  const [end] = runEvents({ fails: true }).filter(({ type }) => type === 'tool.end');
  observe({ ...end!, error: { code: 'tool/failed', message: 'a\n\nb', details: null } } as typeof end &
    object);
  expect(lines[0]!.trimEnd().split('\n')).toHaveLength(1);
});

test('embeddings are a line each: how many texts, and what they cost', async () => {
  const lines: string[] = [];
  const fetch: typeof globalThis.fetch = async () =>
    Response.json({ data: [{ embedding: [1] }], usage: { prompt_tokens: 5 } });
  const embedder = new Embedder({ model: 'openai/text-embedding-3-small', apiKey: 'k', fetch });
  const run = embedder.start('a boat', { callbacks: [consoleSink({ write: (line) => lines.push(line) })] });
  await run.result;
  await run.flush();
  expect(lines.map((line) => line.replace(/^\S+ \S+ /, '').replace(/ \d+ ms\n$/, ''))).toEqual([
    'embed openai/text-embedding-3-small 1 texts 5 tokens $0.000000 ok',
    'run succeeded 1 calls 5 tokens $0.000000 ok',
  ]);
});
