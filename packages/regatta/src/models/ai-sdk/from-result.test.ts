import { describe, expect, it } from 'vitest';
import type { Message } from '../../protocol/message.ts';
import { fromResult } from './from-result.ts';
import { createPartReader } from './part-reader.ts';
import type { SpecContent, SpecResult } from './specification.ts';
import { toPrompt } from './to-prompt.ts';

const USAGE = { inputTokens: 1, outputTokens: 2, totalTokens: 3 };

function read(content: readonly object[], more: Partial<SpecResult> = {}, history: Message[] = []) {
  const result: SpecResult = {
    content: content as SpecContent[],
    finishReason: 'stop',
    usage: USAGE,
    ...more,
  };
  return fromResult(result, createPartReader('openai.responses', history));
}

describe('tool calls', () => {
  it('have their arguments parsed', () => {
    const { message } = read([{ type: 'tool-call', toolCallId: 'c1', toolName: 'add', input: '{"a":1}' }]);
    expect(message.content).toEqual([{ type: 'tool-call', callId: 'c1', tool: 'add', args: { a: 1 } }]);
  });

  it('keep what was not JSON, and take nothing for no arguments', () => {
    const { message } = read([
      { type: 'tool-call', toolCallId: 'c1', toolName: 'add', input: '{"a":' },
      { type: 'tool-call', toolCallId: 'c2', toolName: 'now', input: '' },
      { type: 'tool-call', toolCallId: 'c3', toolName: 'now', input: null },
    ]);
    expect(message.content).toEqual([
      { type: 'tool-call', callId: 'c1', tool: 'add', args: null, rawArgs: '{"a":' },
      { type: 'tool-call', callId: 'c2', tool: 'now', args: {} },
      { type: 'tool-call', callId: 'c3', tool: 'now', args: {} },
    ]);
  });

  it('get ids that differ in the whole conversation where the vendor gives none', () => {
    const earlier = { type: 'tool-call', callId: 'call-0', tool: 'x', args: {} } as const;
    const call = { type: 'tool-call', toolCallId: '', toolName: 'x', input: '{}' };
    const { message } = read([call, call], {}, [{ role: 'assistant', content: [earlier] }]);
    expect(message.content).toMatchObject([{ callId: 'call-1' }, { callId: 'call-2' }]);
  });
});

it('what a provider ran itself is no tool call, and goes back as the specification wants it', () => {
  const content = [
    {
      type: 'tool-call',
      toolCallId: 's1',
      toolName: 'search',
      input: '{"q":"x"}',
      providerExecuted: true,
      providerMetadata: { openai: { itemId: 'ws_1' } },
    },
    { type: 'tool-result', toolCallId: 's1', toolName: 'search', result: { hits: 2 } },
    { type: 'source', sourceType: 'url', id: '1', url: 'https://example.com' },
    { type: 'text', text: 'Found.', providerMetadata: { openai: { itemId: 'msg_1' } } },
  ];
  const { message } = read(content);
  expect(message.content.map(({ type }) => type)).toEqual(['provider', 'provider', 'provider', 'text']);
  const [sent] = toPrompt([message], { specificationVersion: 'v4', provider: 'openai.chat' });
  expect(sent?.content).toEqual([
    {
      type: 'tool-call',
      toolCallId: 's1',
      toolName: 'search',
      input: { q: 'x' },
      providerExecuted: true,
      providerOptions: { openai: { itemId: 'ws_1' } },
    },
    {
      type: 'tool-result',
      toolCallId: 's1',
      toolName: 'search',
      output: { type: 'json', value: { hits: 2 } },
    },
    { type: 'text', text: 'Found.', providerOptions: { openai: { itemId: 'msg_1' } } },
  ]);
});

it('tools that Nova runs are told from calls to us', () => {
  const content = [
    { type: 'tool-call', toolCallId: 'n', toolName: 'nova_code_interpreter', input: '{}' },
    { type: 'tool-call', toolCallId: 'c', toolName: 'add', input: '{}' },
  ] as SpecContent[];
  const readPart = createPartReader('amazon-bedrock', []);
  const { message } = fromResult({ content, finishReason: 'tool-calls', usage: USAGE }, readPart);
  expect(message.content.map(({ type }) => type)).toEqual(['provider', 'tool-call']);
});

it('files of all versions become base64 or a place', () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const { message } = read([
    { type: 'file', mediaType: 'image/png', data: bytes },
    { type: 'file', mediaType: 'image/png', data: 'AQID' },
    { type: 'file', mediaType: 'image/png', data: { type: 'data', data: bytes } },
    { type: 'file', mediaType: 'image/png', data: { type: 'url', url: new URL('https://example.com/x') } },
  ]);
  const inline = { type: 'file', mediaType: 'image/png', data: { base64: 'AQID' } };
  const linked = { type: 'file', mediaType: 'image/png', data: { url: 'https://example.com/x' } };
  expect(message.content).toEqual([inline, inline, inline, linked]);
});

it('drops empty texts, but not those that carry a signature', () => {
  const { message } = read([
    { type: 'text', text: '' },
    { type: 'text', text: '', providerMetadata: { openai: {} } },
    { type: 'reasoning', text: '', providerMetadata: { google: { thoughtSignature: 's' } } },
  ]);
  expect(message.content).toEqual([
    { type: 'reasoning', text: '', providerData: { google: { thoughtSignature: 's' } } },
  ]);
});

it('gives nothing but JSON', () => {
  const reply = read(
    [{ type: 'text', text: 'x', providerMetadata: { openai: { at: new Date(0), gone: undefined } } }],
    {
      response: { id: 'r1', modelId: 'gpt-x' },
    },
  );
  expect(JSON.parse(JSON.stringify(reply))).toEqual(reply);
  expect(reply).toMatchObject({ modelId: 'gpt-x', responseId: 'r1' });
});

it('finds the name of a Gemini model in the body', () => {
  expect(read([], { response: { body: { modelVersion: 'gemini-3' } } }).modelId).toBe('gemini-3');
  expect(read([]).modelId).toBeNull();
});
