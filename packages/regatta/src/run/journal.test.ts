import { expect, test } from 'vitest';
import { z } from 'zod';
import { callback, defineTool, type Journal, type Model } from '../index.ts';
import { NO_USAGE } from '../protocol/usage.ts';
import { createGate, memoryJournal, scriptedModel } from '../testing/index.ts';
import {
  eventsOf,
  hop,
  inputsOf,
  markedCrew,
  markerIn,
  markerOf,
  markersIn,
  settle,
} from '../testing/marked.fixture.ts';

test('runs that share a journal get results of their own: nothing is recorded for all of them (R51)', async () => {
  const journal = memoryJournal();
  const look = defineTool({
    name: 'look',
    description: 'Looks.',
    input: z.object({ marker: z.string() }),
    execute: ({ marker }) => `seen by ${marker}`,
  });
  const crew = markedCrew(
    [
      ({ messages }) =>
        messages.at(-1)?.role === 'tool'
          ? JSON.stringify(messages.at(-1))
          : { toolCalls: [{ tool: 'look', args: { marker: markerIn(messages) } }] },
    ],
    { tools: [look] },
  );
  const runs = Array.from({ length: 6 }, (_, index) => crew.start({ inputs: inputsOf(index), journal }));
  const outputs = await Promise.all(runs.map(({ result }) => result));
  expect(outputs.map(({ text }) => markerIn(text))).toEqual(outputs.map((_, index) => markerOf(index)));
  for (const [index, run] of runs.entries()) {
    const { records = [] } = (await journal.read(run.id)) ?? {};
    const results = records.filter(({ key }) => /:(model|tool)$/.test(key));
    expect(results).toHaveLength(3);
    expect([...markersIn(records)]).toEqual([markerOf(index)]);
  }
});

test('what is recorded is not done again: neither the model nor a tool is asked, and nothing is paid (R65)', async () => {
  const journal = memoryJournal();
  let uses = 0;
  const count = defineTool({
    name: 'count',
    description: 'Counts.',
    input: z.object({}),
    execute: () => `use ${++uses}`,
  });
  const model = scriptedModel(
    [
      ({ messages }) =>
        messages.at(-1)?.role === 'tool' ? 'done' : { toolCalls: [{ tool: 'count', args: {} }] },
    ],
    { loop: true },
  );
  const crew = markedCrew([], { llm: model, tools: [count] });
  const first = await crew.kickoff({ inputs: inputsOf(0), journal });
  const again = await crew.resume(first.runId, { journal });
  expect((await again.result).text).toBe(first.text);
  expect([uses, model.requests.length, again.ledger.length]).toEqual([1, 2, 2]);
});

test('a result is used once it is recorded, and not before', async () => {
  const gate = createGate();
  const memory = memoryJournal();
  const journal: Journal = {
    ...memory,
    write: async (runId, record, epoch) => {
      if (record.key.endsWith('turn-1:model')) await gate.pass();
      return await memory.write(runId, record, epoch);
    },
  };
  let uses = 0;
  const count = defineTool({
    name: 'count',
    description: 'Counts.',
    input: z.object({}),
    execute: () => `use ${++uses}`,
  });
  const crew = markedCrew([{ toolCalls: [{ tool: 'count', args: {} }] }, 'done'], { tools: [count] });
  const run = crew.start({ inputs: inputsOf(0), journal });
  await gate.reached;
  for (let turn = 0; turn < 5; turn++) await settle();
  expect(uses).toBe(0);
  gate.open();
  await run.result;
  expect(uses).toBe(1);
});

test('with a journal every piece of an answer is an event, also when the run is slower than the model (R71)', async () => {
  const slow = callback(settle, { capacity: 1, onFull: 'block' });
  for (let boundary = 0; boundary < 6; boundary++) {
    for (let writing = 0; writing < 6; writing++) {
      const memory = memoryJournal();
      const journal: Journal = {
        ...memory,
        write: async (...args) => {
          await hop(writing);
          return await memory.write(...args);
        },
      };
      const run = markedCrew([], { llm: modelOfPieces(boundary) }).start({
        inputs: inputsOf(0),
        journal,
        stream: true,
        callbacks: [slow],
      });
      await run.result;
      const pieces = (await eventsOf(run)).flatMap((event) =>
        event.type === 'model.delta' ? [event.text] : [],
      );
      expect(pieces, `boundaries ${boundary}, ${writing}`).toEqual(['one ', 'two ', 'three']);
    }
  }
});

/** Answers in three pieces, each `boundary` microtasks after the one before it. */
function modelOfPieces(boundary: number): Model {
  return {
    id: 'stub/model',
    async call(_request, _context, tell) {
      for (const text of ['one ', 'two ', 'three']) {
        await hop(boundary);
        await tell({ type: 'delta', kind: 'text', text, tool: null });
      }
      return {
        message: { role: 'assistant', content: [{ type: 'text', text: 'one two three' }] },
        finishReason: 'stop',
        usage: { ...NO_USAGE, inputTokens: 1, outputTokens: 1 },
        modelId: null,
        responseId: null,
      };
    },
  };
}
