import { expect, test } from 'vitest';
import { Agent, Crew, createRuntime, LLM, Task } from '../index.ts';

const crew = (llm?: string) => {
  const agent = new Agent({ role: 'r', goal: 'g', ...(llm === undefined ? {} : { llm }) });
  return new Crew({ agents: [agent], tasks: [new Task({ description: 'd', expectedOutput: 'e', agent })] });
};

test('a missing key is no attempt: nothing is billed, and no budget is used', async () => {
  const runtime = createRuntime({ budget: { calls: 1 } });
  for (let time = 0; time < 3; time++) {
    const run = runtime.start(crew('openai/gpt-5.4-mini'));
    await expect(run.result).rejects.toMatchObject({ code: 'llm/missing-key' });
    expect(run.usage).toMatchObject({ attempts: 0, totalTokens: 0 });
  }
});

test('who rehearses needs no llm at all', async () => {
  const output = await createRuntime({ rehearse: true }).run(crew());
  expect(output.text).toContain('[rehearsal]');
  expect(output.usage.costUsd).toBe(0);
});

test.each(['gpt-5', 'openai/', '/x', 'open ai/x', ''])('%j is no model', (model) => {
  expect(() => new LLM({ model })).toThrow(
    expect.objectContaining({ code: 'llm/bad-model', details: { value: model } }) as Error,
  );
});

test('a time that no timer can wait is refused, not taken for none', () => {
  expect(() => new LLM({ model: 'rehearsal', timeoutMs: 3e9 })).toThrow(
    /timeoutMs must be whole milliseconds/,
  );
  expect(() => new LLM({ model: 'rehearsal', timeoutMs: Number.POSITIVE_INFINITY })).toThrow(/got Infinity/);
});

test('inputs that JSON cannot carry are named', async () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const run = createRuntime({ rehearse: true }).start(crew(), { inputs: { cycle, big: 1n, fine: 1 } });
  await expect(run.result).rejects.toMatchObject({
    code: 'inputs/not-json',
    details: { names: ['cycle', 'big'] },
  });
});
