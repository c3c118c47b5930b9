import { expect, test } from 'vitest';
import { z } from 'zod';
import { Agent, Crew, type CrewOptions, Task, type TaskDefinition, type TaskOptions } from '../index.ts';

const agent = new Agent({ role: 'Sailor', goal: 'Sail' });
const base = { description: 'd', expectedOutput: 'e', agent };

type Given = Omit<TaskOptions<undefined>, 'description' | 'expectedOutput'>;
const task = (name: string, options: Given = {}) => new Task({ ...base, ...options, name });

/** Of each task: what it waits for, and what it reads. */
function planOf(tasks: readonly TaskDefinition[], options: Partial<CrewOptions<never>> = {}) {
  const { plan } = new Crew({ agents: [agent], tasks, ...options });
  const found = plan.ids.map((id) => plan.tasks.find((planned) => planned.id === id)!);
  return Object.fromEntries(
    found.map(({ id, needs, reads }) => [id, `${needs.join('')} reads ${reads.join('')}`]),
  );
}

test('in a sequence each waits for the one before it, and reads all earlier ones or those it names', () => {
  const a = task('a');
  const b = task('b', { context: [] });
  expect(planOf([a, b, task('c', { context: [a] }), task('d')])).toEqual({
    a: ' reads ',
    b: 'a reads ',
    c: 'ab reads a',
    d: 'abc reads abc',
  });
});

test('async tasks of a sequence run beside each other, and hold up only who reads them', () => {
  const b = task('b', { async: true });
  const c = task('c', { async: true });
  const tasks = [task('a'), b, c, task('d', { context: [b] }), task('e')];
  expect(planOf(tasks)).toEqual({
    a: ' reads ',
    b: 'a reads a',
    c: 'a reads a',
    d: 'ab reads b', // not c
    e: 'abcd reads abcd',
  });
});

test('in a graph each waits for its context and for whom it is after, in whatever order they are listed', () => {
  const last = task('a', { context: [] });
  const b = task('b', { context: [last] });
  const c = task('c', { context: [], after: [b] });
  expect(planOf([c, b, last, task('d')], { process: 'graph' })).toEqual({
    a: ' reads ',
    b: 'a reads a',
    c: 'b reads ',
    d: 'cba reads cba',
  });
});

test('what a task waits for also through others is known, in the order of the crew', () => {
  const a = task('a', { context: [] });
  const b = task('b', { context: [a] });
  const c = task('c', { context: [] });
  const d = task('d', { context: [b], after: [] });
  const { plan } = new Crew({ agents: [agent], tasks: [d, c, b, a], process: 'graph' });
  expect(plan.tasks.find(({ id }) => id === 'd')!.awaits).toEqual(['b', 'a']);
});

test('a graph whose tasks wait for each other is refused', () => {
  const b = task('b', { after: [] });
  const a = task('a', { context: [b] });
  const crew = () => new Crew({ agents: [agent], tasks: [a, b], process: 'graph' });
  expect(crew).toThrow(expect.objectContaining({ code: 'graph/cycle' }) as Error); // b waits for all before it
});

test('a sequence that reads or waits for a later task is refused', () => {
  const b = task('b');
  for (const option of ['context', 'after'] as const) {
    const a = task('a', { [option]: [b] });
    expect(() => new Crew({ agents: [agent], tasks: [a, b] })).toThrow(/which does not come before it/);
    expect(() => new Crew({ agents: [agent], tasks: [a], process: 'graph' })).toThrow(
      /which is not in the crew/,
    );
  }
});

test('fields are read from tasks with an output schema only', () => {
  const typed = new Task({ ...base, name: 'typed', output: z.object({ knots: z.number() }) });
  const fields = { contextStrategy: { fields: ['knots'] } };
  expect(planOf([typed, task('b', fields)]).b).toBe('typed reads typed');
  expect(() => planOf([task('a'), task('b', fields)])).toThrow(/"a", which has no output schema/);
  expect(() => planOf([task('a'), task('b')], fields)).toThrow(/"a", which has no output schema/);
});

test('options out of bounds are named, each one', () => {
  const bad = {
    retries: -1,
    guardrailMaxRetries: 0.5,
    maxContextTokens: 10,
    contextStrategy: 'some',
    when: true,
    callback: 'log',
    outputFile: '../escape.md',
    guardrails: [' ', { check: 'short', name: 'same' }, { check: 'long', name: 'same', timeoutMs: 0 }],
    inputFiles: { chart: { data: '', mediaType: 'picture' } },
  } as unknown as Given;
  const fields = [
    'maxContextTokens',
    'contextStrategy',
    'retries',
    'guardrails[0]',
    'guardrails[2].timeoutMs',
    'guardrails[2].name',
    'guardrailMaxRetries',
    'inputFiles.chart',
    'inputFiles.chart.mediaType',
    'when',
    'callback',
    'outputFile',
  ];
  expect(() => task('bad', bad)).toThrow(
    expect.objectContaining({
      details: expect.objectContaining({
        problems: fields.map((field) => expect.objectContaining({ field })),
      }),
    }) as Error,
  );
  for (const outputFile of ['/etc/passwd', '~/x', 'C:\\x', 'a/../../x', 'folder/', ''])
    expect(() => task('bad', { outputFile })).toThrow(/outputFile must be/);
  const crew = { agents: [agent], tasks: [task('a')], concurrency: 0, onTaskFailure: 'ignore' } as never;
  expect(() => new Crew(crew)).toThrow(/onTaskFailure must be "cancel" or "spare"[\s\S]*concurrency must be/);
});
