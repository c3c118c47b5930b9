import { expect, test } from 'vitest';
import { Agent, Crew, type RunEvent, Task } from '../index.ts';
import { json, played } from '../testing/played.fixture.ts';
import { consoleSink } from './console.ts';
import type { OtlpSpan } from './otlp-span.ts';
import { RunTraces } from './run-traces.ts';

test('plans, assignments and reviews are spans of their task and lines of the console, with the agents inside', async () => {
  const llm = played({
    Manager: ({ text }) =>
      text.includes('plan how your crew')
        ? json({ items: [{ id: 'all', instructions: 'Do it', needs: [], coworker: 'Mate' }] })
        : json({ revisions: [] }),
    Mate: () => 'done',
  });
  const mate = new Agent({ role: 'Mate', goal: 'Help', llm });
  const task = new Task({ name: 'work', description: 'd', expectedOutput: 'e' });
  const lines: string[] = [];
  const run = new Crew({ process: 'hierarchical', managerLlm: llm, agents: [mate], tasks: [task] }).start({
    callbacks: [consoleSink({ write: (line) => lines.push(line) })],
  });
  await run.result;
  await run.flush();
  const traces = new RunTraces({ captureContent: true, outcomes: 'both' });
  const spans: OtlpSpan[] = [];
  for await (const event of run.events()) spans.push(...traces.hear(event as RunEvent));
  const whole = spans.find(({ name }) => name === 'invoke_workflow work')!;
  const parts = spans.filter(({ parentSpanId }) => parentSpanId === whole.spanId);
  expect(parts.map(({ name }) => name)).toEqual(['plan task', 'delegate Mate', 'review all']);
  for (const [index, agent] of ['Manager', 'Mate', 'Manager'].entries()) {
    const inside = spans.filter(({ parentSpanId }) => parentSpanId === parts[index]!.spanId);
    expect(inside.map(({ name }) => name)).toEqual([`invoke_agent ${agent}`]);
  }
  const said = lines.map((line) =>
    line
      .split(' ')
      .slice(2)
      .join(' ')
      .replace(/ \d+ ms\n$/, ''),
  );
  expect(said.filter((line) => /^(plan|delegation|review)/.test(line))).toEqual([
    'plan of task 1 items ok',
    'delegation to "Mate" ok',
    'review ok',
  ]);
});
