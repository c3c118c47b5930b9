import { expect, test } from 'vitest';
import { Agent, Crew, type RunEvent, Task } from '../index.ts';
import { scriptedModel } from '../testing/index.ts';
import type { OtlpSpan } from './otlp-span.ts';
import { RunTraces } from './run-traces.ts';

test('a guardrail is a span of its task, what its judge asks is inside it, and a retry is an event of the task', async () => {
  const llm = scriptedModel([
    { error: new Error('no') },
    'an answer',
    '{"accepted":false,"feedback":"Name a source."}',
    'a better answer',
    '{"accepted":true,"feedback":""}',
  ]);
  const agent = new Agent({ role: 'Writer', goal: 'Write', llm });
  const guardrails = [{ name: 'sources', check: 'It names a source.' }];
  const task = new Task({
    name: 'write',
    description: 'd',
    expectedOutput: 'e',
    agent,
    guardrails,
    retries: 1,
  });
  const run = new Crew({ agents: [agent], tasks: [task] }).start();
  await run.result;
  const traces = new RunTraces({ captureContent: true, outcomes: 'both' });
  const spans: OtlpSpan[] = [];
  for await (const event of run.events()) spans.push(...traces.hear(event as RunEvent));
  const looks = spans.filter(({ name }) => name === 'guardrail sources');
  expect(
    looks.map(({ attributes }) => [attributes['regatta.accepted'], attributes['regatta.feedback']]),
  ).toEqual([
    [false, 'Name a source.'],
    [true, null],
  ]);
  const whole = spans.find(({ name }) => name === 'invoke_workflow write')!;
  expect(looks.map(({ parentSpanId }) => parentSpanId)).toEqual([whole.spanId, whole.spanId]);
  for (const { spanId } of looks) {
    expect(spans.filter(({ parentSpanId }) => parentSpanId === spanId).map(({ name }) => name)).toEqual([
      'chat model',
    ]);
  }
  expect(whole.events.map(({ name, attributes }) => [name, attributes['regatta.attempt']])).toEqual([
    ['regatta.task_retry', 1],
  ]);
});
