import { describe, expect, it } from 'vitest';
import type { TellNews } from '../../ports/model.ts';
import { createGate } from '../../testing/index.ts';
import { collect } from '../fixtures/collect.fixture.ts';
import { streamOf } from '../fixtures/fake-model.fixture.ts';
import { fromStream } from './from-stream.ts';
import { createPartReader } from './part-reader.ts';
import type { SpecStreamPart } from './specification.ts';

const FINISH = {
  type: 'finish',
  finishReason: { unified: 'stop', raw: 'stop' },
  usage: { inputTokens: { total: 3 }, outputTokens: { total: 2 } },
};

function open(
  parts: readonly object[] | ReadableStream<SpecStreamPart>,
  signal = new AbortController().signal,
) {
  const stream = parts instanceof ReadableStream ? parts : streamOf(parts);
  return (tell: TellNews) => fromStream(stream, createPartReader('openai.chat', []), { signal, tell });
}

it('gives the pieces as they come, and the whole at the end', async () => {
  const { events, reply } = await collect(
    open([
      { type: 'stream-start', warnings: [] },
      { type: 'response-metadata', id: 'r1', modelId: 'gpt-x', timestamp: new Date() },
      { type: 'reasoning-start', id: '0' },
      { type: 'reasoning-delta', id: '0', delta: 'Hm' },
      { type: 'reasoning-end', id: '0', providerMetadata: { openai: { signature: 's' } } },
      { type: 'text-start', id: '1' },
      { type: 'text-delta', id: '1', delta: 'Hel' },
      { type: 'text-delta', id: '1', delta: 'lo' },
      { type: 'text-end', id: '1' },
      { type: 'tool-input-start', id: 'c1', toolName: 'add' },
      { type: 'tool-input-delta', id: 'c1', delta: '{"a"' },
      { type: 'tool-input-delta', id: 'c1', delta: ':1}' },
      { type: 'tool-input-end', id: 'c1' },
      { type: 'tool-call', toolCallId: 'c1', toolName: 'add', input: '{"a":1}' },
      FINISH,
    ]),
  );
  expect(events).toEqual([
    { type: 'delta', kind: 'reasoning', text: 'Hm', tool: null },
    { type: 'delta', kind: 'text', text: 'Hel', tool: null },
    { type: 'delta', kind: 'text', text: 'lo', tool: null },
    { type: 'delta', kind: 'tool-call', text: '{"a"', tool: 'add' },
    { type: 'delta', kind: 'tool-call', text: ':1}', tool: 'add' },
  ]);
  expect(reply).toMatchObject({ finishReason: 'stop', modelId: 'gpt-x', responseId: 'r1' });
  expect(reply.usage).toMatchObject({ inputTokens: 3, outputTokens: 2 });
  expect(reply.message.content).toEqual([
    { type: 'reasoning', text: 'Hm', providerData: { openai: { signature: 's' } } },
    { type: 'text', text: 'Hello' },
    { type: 'tool-call', callId: 'c1', tool: 'add', args: { a: 1 } },
  ]);
});

it('keeps blocks that are written at the same time apart', async () => {
  const { reply } = await collect(
    open([
      { type: 'text-start', id: 'a' },
      { type: 'text-start', id: 'b' },
      { type: 'text-delta', id: 'a', delta: '1' },
      { type: 'text-delta', id: 'b', delta: '2' },
      { type: 'text-delta', id: 'a', delta: '1' },
      { type: 'text-end', id: 'a' },
      { type: 'text-start', id: 'a' },
      { type: 'text-delta', id: 'a', delta: '3' },
      FINISH,
    ]),
  );
  expect(reply.message.content).toEqual(['11', '2', '3'].map((text) => ({ type: 'text', text })));
});

it('adds up what a provider wants back, from whatever piece it came with', async () => {
  const { reply } = await collect(
    open([
      { type: 'reasoning-start', id: '0', providerMetadata: { openai: { itemId: 'rs', encrypted: null } } },
      {
        type: 'reasoning-delta',
        id: '0',
        delta: 'x',
        providerMetadata: { google: { thoughtSignature: 't' } },
      },
      { type: 'reasoning-end', id: '0', providerMetadata: { openai: { encrypted: 'e' } } },
      FINISH,
    ]),
  );
  const providerData = { openai: { itemId: 'rs', encrypted: 'e' }, google: { thoughtSignature: 't' } };
  expect(reply.message.content).toEqual([{ type: 'reasoning', text: 'x', providerData }]);
});

it('shows a call whose arguments came in one piece, and hides those of a provider', async () => {
  const { events, reply } = await collect(
    open([
      { type: 'tool-input-start', id: 's', toolName: 'search', providerExecuted: true },
      { type: 'tool-input-delta', id: 's', delta: '{}' },
      { type: 'tool-call', toolCallId: 's', toolName: 'search', input: '{}', providerExecuted: true },
      { type: 'tool-call', toolCallId: 'c', toolName: 'add', input: '{"a":1}' },
      FINISH,
    ]),
  );
  expect(events).toEqual([{ type: 'delta', kind: 'tool-call', text: '{"a":1}', tool: 'add' }]);
  expect(reply.message.content.map(({ type }) => type)).toEqual(['provider', 'tool-call']);
});

describe('an answer that is not whole', () => {
  it.each([
    ['no finish', []],
    ['an interrupted one', [{ ...FINISH, finishReason: { unified: 'interrupted', raw: undefined } }]],
  ])('%s is no reply', async (_, end) => {
    const parts = [
      { type: 'text-start', id: '0' },
      { type: 'text-delta', id: '0', delta: 'Half an' },
      ...end,
    ];
    await expect(collect(open(parts))).rejects.toMatchObject({
      name: 'IncompleteAnswer',
      message: 'the stream ended after 7 characters without a finish reason',
    });
  });

  it('an error in the stream is thrown as it came', async () => {
    const error = { message: 'Overloaded', type: 'overloaded_error' };
    await expect(collect(open([{ type: 'error', error }, FINISH]))).rejects.toBe(error);
  });
});

describe('the stream is cancelled', () => {
  function endless(): { stream: ReadableStream<SpecStreamPart>; cancelled: Promise<unknown> } {
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const stream = new ReadableStream<SpecStreamPart>({
      pull: (controller) => {
        if (controller.desiredSize === 1) controller.enqueue({ type: 'text-delta', id: '0', delta: 'x' });
        return new Promise(() => undefined); // then silence
      },
      cancel: resolve,
    });
    return { stream, cancelled: promise };
  }

  it('by the signal, although the source is silent', async () => {
    const { stream, cancelled } = endless();
    const controller = new AbortController();
    const first = createGate();
    const answer = open(stream, controller.signal)(() => first.pass());
    await first.reached;
    first.open();
    controller.abort(new Error('enough'));
    await expect(answer).rejects.toThrow('enough');
    expect(await cancelled).toEqual(new Error('enough'));
  });

  it('by a signal that was aborted before', async () => {
    const { stream, cancelled } = endless();
    const signal = AbortSignal.abort(new Error('before'));
    await expect(collect(open(stream, signal))).rejects.toThrow('before');
    await cancelled;
  });
});
