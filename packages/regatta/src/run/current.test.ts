import { expect, test } from 'vitest';
import { z } from 'zod';
import { Agent, Crew, callback, currentRun, defineTool, Task } from '../index.ts';
import { createGate, scriptedModel } from '../testing/index.ts';

function crewOf(onUse: () => void | Promise<void>) {
  const tool = defineTool({
    name: 'probe',
    description: 'Probes.',
    input: z.object({}),
    execute: async () => await onUse(),
  });
  const probe = { toolCalls: [{ tool: 'probe', args: {} }] };
  const llm = scriptedModel([({ messages }) => (messages.at(-1)?.role === 'tool' ? 'done' : probe)], {
    loop: true,
  });
  const agent = new Agent({ role: 'r', goal: 'g', llm, tools: [tool] });
  return new Crew({ agents: [agent], tasks: [new Task({ description: 'd', expectedOutput: 'e', agent })] });
}

test('als: a tool sees its own run, across its awaits, however many runs are under way', async () => {
  const gate = createGate();
  const seen: (string | undefined)[] = [];
  const crew = crewOf(async () => {
    const before = currentRun()?.id;
    await gate.pass();
    seen.push(before, currentRun()?.id);
  });
  const one = crew.start();
  const other = crew.start();
  await gate.reached;
  gate.open();
  await Promise.all([one.result, other.result]);
  expect(seen.sort()).toEqual([one.id, one.id, other.id, other.id].sort());
});

test('als: a callback sees the run of its event, also when a shared callback hears many runs at once', async () => {
  const wrong: string[] = [];
  const shared = callback(async (event) => {
    await undefined;
    if (currentRun()?.id !== event.runId) wrong.push(event.id);
  });
  const crew = crewOf(() => undefined);
  const runs = Array.from({ length: 20 }, () => crew.start({ callbacks: [shared] }));
  await Promise.all(runs.map(async (run) => [await run.result, await run.flush()]));
  expect(wrong).toEqual([]);
});

test('als: outside of tools and callbacks there is no run, not even in who reads the events of one', async () => {
  const run = crewOf(() => undefined).start();
  for await (const _ of run.events()) expect(currentRun()).toBeUndefined();
  await run.result;
  expect(currentRun()).toBeUndefined();
});

test('als: a run that a tool starts is a run of its own', async () => {
  const inner = crewOf(() => {
    ids.push(currentRun()?.id);
  });
  const ids: (string | undefined)[] = [];
  const outer = crewOf(async () => {
    const run = inner.start();
    await run.result;
    ids.push(run.id, currentRun()?.id);
  });
  const run = outer.start();
  await run.result;
  const [seenInside, innerId, seenAfter] = ids;
  expect(seenInside).toBe(innerId);
  expect(seenAfter).toBe(run.id);
});
