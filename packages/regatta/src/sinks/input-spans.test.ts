import { expect, test } from 'vitest';
import { Agent, Crew, type Memory, type RunEvent, Task } from '../index.ts';
import { scriptedModel } from '../testing/index.ts';
import { consoleSink } from './console.ts';
import type { OtlpSpan } from './otlp-span.ts';
import { RunTraces } from './run-traces.ts';

test('memories and people are spans of whoever asked them, and lines; what was said is content', async () => {
  const memory: Memory = {
    name: 'log',
    recall: async () => [{ text: 'n', source: 's' }],
    remember: () => Promise.reject(new Error('full')),
  };
  const agent = new Agent({ role: 'Mate', goal: 'Help', llm: scriptedModel(['done']), memory: [memory] });
  const task = new Task({ name: 'work', description: 'd', expectedOutput: 'e', agent, humanInput: true });
  const lines: string[] = [];
  const run = new Crew({ agents: [agent], tasks: [task] }).start({
    callbacks: [consoleSink({ write: (line) => lines.push(line) })],
    onInput: () => ({ accepted: true }),
  });
  await run.result;
  await run.flush();
  const events = (await Array.fromAsync(run.events())) as RunEvent[];
  for (const captureContent of [true, false]) {
    const traces = new RunTraces({ captureContent, outcomes: 'both' });
    const spans: OtlpSpan[] = events.flatMap((event) => traces.hear(event));
    const find = (name: string) => spans.find((span) => span.name === name)!;
    expect(find('recall log').parentSpanId).toBe(find('invoke_agent Mate').spanId);
    expect(find('recall log').attributes).toMatchObject({
      'regatta.memory': 'log',
      'regatta.memory_count': 1,
    });
    expect(find('remember log')).toMatchObject({
      parentSpanId: find('invoke_workflow work').spanId,
      attributes: { 'error.type': 'memory/failed' },
    });
    const asked = find('input review');
    expect(asked.parentSpanId).toBe(find('invoke_workflow work').spanId);
    expect(asked.attributes['regatta.answer']).toBe(captureContent ? '{"accepted":true}' : null);
    expect(asked.attributes['regatta.question'] === null).toBe(!captureContent);
  }
  const token = `${run.id}/work/review-1`;
  const said = lines.map((line) => line.replace(/^\S+ \S+ /, '').replace(/( \d+ ms)?\n$/, ''));
  expect(said.filter((line) => line.startsWith('input'))).toEqual([
    `input review waits for an answer to ${token}`,
    `input ${token} ok`,
  ]);
});
