import { describe, expect, it } from 'vitest';
import { deepFreeze } from '../../base/json.ts';
import { LLM } from '../../index.ts';
import type { ModelRequest, ModelSettings } from '../../ports/model.ts';
import { collect } from '../fixtures/collect.fixture.ts';
import { createContext } from '../fixtures/context.fixture.ts';
import { createFakeModel } from '../fixtures/fake-model.fixture.ts';
import { adaptLanguageModel } from './model.ts';
import { isLanguageModel, type LanguageModel } from './specification.ts';

const SETTINGS: ModelSettings = {
  timeoutMs: 1000,
  retry: { maxAttempts: 3, minDelayMs: 0, maxDelayMs: 0, retry: 'always' },
};
const REQUEST: ModelRequest = {
  messages: [{ role: 'user', content: 'hi' }],
  tools: [],
  toolChoice: 'auto',
  output: null,
  attempt: 1,
};
const NESTED = { inputTokens: { total: 4 }, outputTokens: { total: 2 } };
const FLAT = { inputTokens: 4, outputTokens: 2, totalTokens: 6 };

describe.each([
  ['v2', { usage: FLAT, finishReason: 'stop' }],
  ['v3', { usage: NESTED, finishReason: { unified: 'stop', raw: 'stop' } }],
  ['v4', { usage: NESTED, finishReason: { unified: 'stop', raw: 'stop' } }],
] as const)('a model object of version %s', (version, end) => {
  const content = [{ type: 'text', text: 'Hello' }];
  const parts = [
    { type: 'text-start', id: '0' },
    { type: 'text-delta', id: '0', delta: 'Hello' },
    { type: 'text-end', id: '0' },
    { type: 'finish', ...end },
  ];

  it('gives the same reply in one piece and as a stream', async () => {
    const { model, calls } = createFakeModel(version, { content, parts, ...end });
    const adapted = adaptLanguageModel(model, SETTINGS);
    const whole = await collect((tell) => adapted.call(REQUEST, createContext(), tell));
    const streamed = await collect((tell) =>
      adapted.call(REQUEST, createContext({ wantsDeltas: true }), tell),
    );
    expect(whole.events).toEqual([]);
    expect(streamed.events).toEqual([{ type: 'delta', kind: 'text', text: 'Hello', tool: null }]);
    expect(streamed.reply).toEqual(whole.reply);
    expect(whole.reply).toMatchObject({ finishReason: 'stop', usage: { inputTokens: 4, outputTokens: 2 } });
    expect(calls.map(({ method }) => method)).toEqual(['doGenerate', 'doStream']);
  });

  it('is recognised, and named as it names itself', () => {
    const { model } = createFakeModel(version, {});
    expect(isLanguageModel(model)).toBe(true);
    expect(adaptLanguageModel(model, SETTINGS).id).toBe('fake/model-1');
  });
});

it('takes no object of another kind for a model', () => {
  for (const object of [
    {},
    { specificationVersion: 'v4' },
    { specificationVersion: 'v1', doGenerate() {} },
  ]) {
    expect(isLanguageModel(object)).toBe(false);
  }
});

it('leaves the request and the settings as they were', async () => {
  const { model } = createFakeModel('v4', {});
  const settings = deepFreeze<ModelSettings>({
    ...SETTINGS,
    stop: ['x'],
    providerOptions: { fake: { a: 1 } },
  });
  const request = deepFreeze<ModelRequest>({
    ...REQUEST,
    messages: [{ role: 'tool', callId: 'a', tool: 't', content: '1', isError: false }],
  });
  await collect((tell) => adaptLanguageModel(model, settings).call(request, createContext(), tell));
});

it('makes one request, also when it fails with something that may be tried again', async () => {
  const error = Object.assign(new Error('busy'), { name: 'AI_APICallError', statusCode: 503 });
  const { model, calls } = createFakeModel('v4', { error });
  const adapted = adaptLanguageModel(model, SETTINGS);
  await expect(collect((tell) => adapted.call(REQUEST, createContext(), tell))).rejects.toMatchObject({
    code: 'model/overloaded',
    details: { retryable: true },
  });
  expect(calls).toHaveLength(1);
});

describe('cancelling', () => {
  it.each([false, true])(
    'frees the caller of an object that is deaf to its signal, and counts it, deltas wanted: %s',
    async (wantsDeltas) => {
      const answer = Promise.withResolvers<never>();
      const asked = Promise.withResolvers<void>();
      const ask = (): Promise<never> => {
        asked.resolve();
        return answer.promise;
      };
      const { model } = createFakeModel('v4', {});
      const deaf = { ...model, doGenerate: ask, doStream: ask } as LanguageModel; // ignores its signal
      const run = new LLM({ model: deaf }).start('hello', { stream: wantsDeltas });
      await asked.promise;
      run.cancel('enough');
      await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
      expect(run.ledger).toMatchObject([{ status: 'aborted' }]);
      expect(run.audit().orphaned).toBe(1);
      answer.reject(new Error('too late to matter'));
      await expect.poll(() => run.audit().orphaned).toBe(0);
    },
  );

  it('an answer that comes too late is none', async () => {
    const answer = Promise.withResolvers<object>();
    const { model } = createFakeModel('v4', {});
    const late = { ...model, doGenerate: () => answer.promise } as unknown as LanguageModel; // deaf
    const controller = new AbortController();
    const context = createContext({ signal: controller.signal });
    const call = collect((tell) => adaptLanguageModel(late, SETTINGS).call(REQUEST, context, tell));
    controller.abort(new Error('enough'));
    answer.resolve({ content: [], finishReason: { unified: 'stop', raw: 'stop' }, usage: NESTED });
    await expect(call).rejects.toThrow('enough');
  });

  it('before the call makes no request', async () => {
    const { model, calls } = createFakeModel('v4', {});
    const context = createContext({ signal: AbortSignal.abort('why') });
    await expect(
      collect((tell) => adaptLanguageModel(model, SETTINGS).call(REQUEST, context, tell)),
    ).rejects.toBe('why');
    expect(calls).toEqual([]);
  });

  it('closes a stream that comes too late', async () => {
    const { promise: cancelled, resolve } = Promise.withResolvers<unknown>();
    const opened = Promise.withResolvers<object>();
    const late = {
      ...createFakeModel('v4', {}).model,
      doStream: () => opened.promise,
    } as unknown as LanguageModel; // opens when told
    const controller = new AbortController();
    const context = createContext({ wantsDeltas: true, signal: controller.signal });
    const call = collect((tell) => adaptLanguageModel(late, SETTINGS).call(REQUEST, context, tell));
    controller.abort(new Error('enough'));
    opened.resolve({ stream: new ReadableStream({ cancel: resolve }) });
    await expect(call).rejects.toThrow('enough');
    expect(await cancelled).toEqual(new Error('enough'));
  });
});
