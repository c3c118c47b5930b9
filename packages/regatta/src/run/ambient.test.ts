import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';
import { currentRun, defineTool, type RunContext, type ToolContext } from '../index.ts';
import { createGate } from '../testing/index.ts';
import { hop, inputsOf, markedCrew } from '../testing/marked.fixture.ts';
import { enterRun } from './current.ts';

const SLOT = Symbol.for('regatta.current-run.v1');

function probe(execute: (context: ToolContext) => unknown) {
  const tool = defineTool({
    name: 'probe',
    description: 'Probes.',
    input: z.object({}),
    execute: (_args, context) => execute(context),
  });
  const turn = { toolCalls: [{ tool: 'probe', args: {} }] };
  return markedCrew([({ messages }) => (messages.at(-1)?.role === 'tool' ? 'done' : turn)], {
    tools: [tool],
  });
}

test('als: entering a run does not leak into the caller (R23)', async () => {
  enterRun({ id: 'a', spanId: 'a' }, () => expect(currentRun()?.id).toBe('a'));
  expect(currentRun()).toBeUndefined();
  await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      enterRun({ id: `${index}`, spanId: '' }, async () => {
        await hop(index % 5);
        expect(currentRun()?.id).toBe(`${index}`);
      }),
    ),
  );
  expect(currentRun()).toBeUndefined();
});

test('als: runs inside a run leave it as it was, and nobody can change what is current (R24)', async () => {
  const seen: (string | undefined)[] = [];
  await enterRun({ id: 'parent', spanId: 'p' }, async () => {
    const children = ['one', 'other'].map((id) =>
      enterRun({ id, spanId: id }, async () => {
        await hop(2);
        expect(currentRun()?.id).toBe(id);
        seen.push(id);
      }),
    );
    seen.push(currentRun()?.id);
    await Promise.all(children);
    Reflect.set(currentRun()!, 'id', 'changed');
    seen.push(currentRun()?.id);
  });
  expect(seen).toEqual(['parent', 'one', 'other', 'parent']);
});

test('als: copies of the package in one process see the same run (R25)', async () => {
  const slot = (globalThis as { [SLOT]?: unknown })[SLOT];
  vi.resetModules();
  const copy = await import('./current.ts');
  expect(copy.currentRun).not.toBe(currentRun);
  copy.enterRun({ id: 'a', spanId: 'a' }, () => expect(currentRun()?.id).toBe('a'));
  enterRun({ id: 'b', spanId: 'b' }, () => expect(copy.currentRun()?.id).toBe('b'));
  expect((globalThis as { [SLOT]?: unknown })[SLOT]).toBe(slot ?? expect.anything());
});

test('als: one store serves the process, however many runs there are (R26)', async () => {
  const stores = new Set<unknown>();
  const crew = probe(() => stores.add((globalThis as { [SLOT]?: unknown })[SLOT]));
  await Promise.all(Array.from({ length: 50 }, (_, index) => crew.kickoff({ inputs: inputsOf(index) })));
  expect(stores.size).toBe(1);
  expect([...stores][0]).toBeInstanceOf(AsyncLocalStorage);
});

test('als: a tool sees its own run although another one started, and drives, it (R27)', async () => {
  const seen: (string | undefined)[] = [];
  const crew = probe(() => seen.push(currentRun()?.id));
  const run = enterRun({ id: 'stranger', spanId: '' }, () => crew.start({ inputs: inputsOf(0) }));
  await run.result;
  expect(seen).toEqual([run.id]);
});

test('what a tool is told of its run comes as an argument, and holds with or without ambient context (R22)', async () => {
  const gate = createGate();
  const seen: string[] = [];
  let waiting = 0;
  const crew = probe(async ({ runId, idempotencyKey }) => {
    if (++waiting === 10) gate.open();
    await gate.pass();
    seen.push(runId);
    expect(idempotencyKey.startsWith(`${runId}/`)).toBe(true);
  });
  const runs = Array.from({ length: 10 }, (_, index) => crew.start({ inputs: inputsOf(index) }));
  await Promise.all(runs.map(({ result }) => result));
  expect(seen.sort()).toEqual(runs.map(({ id }) => id).sort());
});

test('a context is never changed: each child is a new one (R37)', async () => {
  let given: RunContext | undefined;
  const { createRuntime } = await import('../index.ts');
  const runtime = createRuntime({
    engine: {
      name: 'capturing',
      execute: (job, context) => {
        given = context;
        return job.start(context);
      },
    },
  });
  const { signal } = new AbortController();
  await runtime.run(
    probe(() => 'ok'),
    { inputs: inputsOf(0), context: 'of the parent' },
  );
  const parent = given!;
  const before = { signal: parent.signal, span: parent.span };
  const child = parent.child('inner', { agent: 'Child' }).withContext('of the child').withSignal(signal);
  expect([child.context, child.signal, child.span.agent]).toEqual(['of the child', signal, 'Child']);
  expect([parent.context, parent.signal, parent.span]).toEqual(['of the parent', before.signal, before.span]);
  expect(parent.span.agent).toBeNull();
});
