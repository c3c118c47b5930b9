import { expect, test } from 'vitest';
import { z } from 'zod';
import { type CallPart, LLM, type Model } from '../index.ts';
import { failure, quickLlm } from '../model/failures.fixture.ts';
import { createGate, scriptedModel } from '../testing/index.ts';
import { settle } from '../testing/marked.fixture.ts';

test('parts come in order with their attempt; a retry voids those before it; then there is the result', async () => {
  const model = scriptedModel([
    { text: 'one two', error: failure('model/network') },
    { text: 'a b', toolCalls: [{ tool: 'look', args: {} }] },
  ]);
  const stream = quickLlm(model, { retry: { retry: 'always', minDelayMs: 0, maxDelayMs: 0 } }).stream('x');
  expect(await Array.fromAsync(stream)).toMatchObject([
    { type: 'text', text: 'one ', attempt: 1 },
    { type: 'text', text: 'two', attempt: 1 },
    { type: 'retry', attempt: 1, model: 'scripted/model', delayMs: 0, error: { code: 'model/network' } },
    { type: 'text', text: 'a ', attempt: 2 },
    { type: 'text', text: 'b', attempt: 2 },
  ]);
  expect(await stream.result).toMatchObject({ kind: 'tool-calls', text: 'a b', attempts: 2 });
  expect(stream.run.usage.attempts).toBe(2);
});

test('an answer that is sent back is void as well, and the attempts count on', async () => {
  const model = scriptedModel(['no', '{"a":1}']);
  const stream = new LLM({ model }).stream('x', { output: z.object({ a: z.number() }) });
  const parts = await Array.fromAsync(stream);
  expect(parts.map(({ type, attempt }) => `${type} ${attempt}`)).toEqual(['text 1', 'retry 1', 'text 2']);
  expect(parts[1]).toMatchObject({ error: { code: 'output/invalid' } });
  expect(await stream.result).toMatchObject({ kind: 'object', object: { a: 1 } });
});

test('reasoning and pieces of tool calls are parts of their own', async () => {
  const reply = {
    message: { role: 'assistant', content: [] },
    finishReason: 'stop',
    modelId: null,
    responseId: null,
  } as const;
  const usage = {
    inputTokens: 1,
    outputTokens: 1,
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    reasoningTokens: 0,
  };
  const model: Model = {
    id: 'stub/model',
    async call(_request, _context, tell) {
      await tell({ type: 'delta', kind: 'reasoning', text: 'hm', tool: null });
      await tell({ type: 'delta', kind: 'tool-call', text: '{"at', tool: 'look' });
      return { ...reply, usage };
    },
  };
  expect(await Array.fromAsync(new LLM({ model }).stream('x'))).toEqual([
    { type: 'reasoning', text: 'hm', attempt: 1 },
    { type: 'tool-call', tool: 'look', text: '{"at', attempt: 1 },
  ]);
});

test('who leaves early cancels the call; who never reads has its result all the same', async () => {
  const gate = createGate();
  const endless: Model = {
    id: 'stub/model',
    async call(_request, _context, tell) {
      while (true) {
        await tell({ type: 'delta', kind: 'text', text: 'more ', tool: null });
        await gate.pass();
      }
    },
  };
  const left = new LLM({ model: endless }).stream('x');
  for await (const part of left) if (part.type === 'text') break;
  await expect(left.result).rejects.toMatchObject({ code: 'run/cancelled' });
  expect(left.run.status).toBe('cancelled');
  expect(left.run.ledger).toMatchObject([{ status: 'aborted', source: 'estimated' }]);
  const unread = new LLM({ model: scriptedModel(['done']) }).stream('x');
  expect((await unread.result).text).toBe('done');
  expect(await Array.fromAsync(unread)).toHaveLength(1); // and later still, from the first part on
  gate.open();
});

test('a call that fails throws at the end of its parts, and as its result', async () => {
  const stream = quickLlm(scriptedModel([{ text: 'half', error: failure('model/network') }])).stream('x');
  const parts: CallPart[] = [];
  const read = async () => {
    for await (const part of stream) parts.push(part);
  };
  await expect(read()).rejects.toMatchObject({ code: 'model/network' });
  expect(parts).toHaveLength(1);
  await expect(stream.result).rejects.toMatchObject({ code: 'model/network' });
});

test('cancel frees the reader', async () => {
  const gate = createGate();
  const model = scriptedModel([() => gate.pass().then(() => 'late')]);
  const stream = new LLM({ model }).stream('x');
  const read = Array.fromAsync(stream);
  await gate.reached;
  stream.cancel('enough');
  await expect(read).rejects.toMatchObject({ code: 'run/cancelled', details: { reason: 'enough' } });
  gate.open();
});

test('a slow reader misses no piece', async () => {
  const words = Array.from({ length: 12_000 }, (_, index) => `w${index} `);
  const stream = new LLM({ model: scriptedModel([words.join('')]) }).stream('x');
  await stream.result;
  await settle();
  let text = '';
  for await (const part of stream) if (part.type === 'text') text += part.text;
  expect(text).toBe(words.join(''));
});
