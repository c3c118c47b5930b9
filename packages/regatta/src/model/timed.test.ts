import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LLM, type LlmOptions, type Model, RegattaError } from '../index.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Sends a piece after each of the pauses, and its answer after the last. */
function paced(...pausesMs: readonly number[]): Model {
  return {
    id: 'stub/model',
    async call(_, { signal, wantsDeltas }, tell) {
      for (const [index, ms] of pausesMs.entries()) {
        await new Promise<void>((resolve, reject) => {
          setTimeout(resolve, ms);
          signal.addEventListener('abort', () => reject(signal.reason));
        });
        if (wantsDeltas && index < pausesMs.length - 1)
          await tell({ type: 'delta', kind: 'text', text: 'a ', tool: null });
      }
      const usage = {
        inputTokens: 1,
        outputTokens: 1,
        cachedInputTokens: 0,
        cacheWriteTokens: 0,
        reasoningTokens: 0,
      };
      const message = { role: 'assistant', content: [{ type: 'text', text: 'done' }] } as const;
      return { message, finishReason: 'stop', usage, modelId: null, responseId: null };
    },
  };
}

const outcome = async (llm: LLM, stream: boolean) => {
  const run = llm.start('hello', { stream });
  const ended = run.result.then(
    ({ text }) => text,
    (error: RegattaError<'model/timeout'>) => error,
  );
  await vi.runAllTimersAsync();
  expect(vi.getTimerCount()).toBe(0);
  return await ended;
};

test.each<[string, LlmOptions['timeouts'], readonly number[], boolean, string]>([
  ['total', { totalMs: 100 }, [60, 60], true, 'total'],
  ['total, in one piece', { totalMs: 100 }, [120], false, 'total'],
  ['a slow beginning', { firstTokenMs: 50 }, [60, 1], true, 'first-token'],
  ['a slow beginning is unseen in one piece', { firstTokenMs: 50 }, [60, 1], false, 'done'],
  ['a pause', { idleMs: 50 }, [10, 60], true, 'idle'],
  ['a pause is unseen in one piece', { idleMs: 50 }, [10, 60], false, 'done'],
  ['a slow beginning is no pause', { idleMs: 50 }, [60, 10], true, 'done'],
  ['a pause is no slow beginning', { firstTokenMs: 50 }, [10, 60], true, 'done'],
  [
    'many pieces, each in time',
    { firstTokenMs: 50, idleMs: 50, totalMs: 1_000 },
    [40, 40, 40, 40, 40],
    true,
    'done',
  ],
])('%s', async (_, timeouts, pausesMs, stream, expected) => {
  const llm = new LLM({ model: paced(...pausesMs), timeouts, retry: { maxAttempts: 1 } });
  const ended = await outcome(llm, stream);
  if (expected === 'done') return expect(ended).toBe('done');
  expect(ended).toMatchObject({ code: 'model/timeout', details: { timeout: expected, retryable: true } });
  expect((ended as Error).message).toMatch(/timeouts\.(firstTokenMs|idleMs)|timeoutMs/);
});

test('timeoutMs is the total, each limit is checked, and both names of one are too many', () => {
  const { timeoutMs, timeouts } = new LLM({ model: 'rehearsal' }).settings;
  expect([timeoutMs, timeouts]).toEqual([600_000, { connectMs: 10_000 }]);
  expect(new LLM({ model: 'rehearsal', timeouts: { totalMs: 5 } }).settings.timeoutMs).toBe(5);
  expect(new LLM({ model: 'rehearsal', timeoutMs: 5, timeouts: { idleMs: 2 } }).settings).toMatchObject({
    timeoutMs: 5,
    timeouts: { idleMs: 2, connectMs: 10_000 },
  });
  for (const name of ['connectMs', 'firstTokenMs', 'idleMs', 'totalMs'])
    expect(() => new LLM({ model: 'rehearsal', timeouts: { [name]: 0 } })).toThrow(`timeouts.${name}`);
  expect(() => new LLM({ model: 'rehearsal', timeoutMs: 1, timeouts: { totalMs: 2 } })).toThrow(/same limit/);
});

test('a connection that was never made is billed nothing; whatever else ran out of time may be', async () => {
  for (const [timeout, source] of [
    ['connect', 'none'],
    ['total', 'estimated'],
  ] as const) {
    const details = {
      model: 'stub/model',
      status: null,
      retryable: true,
      retryAfterMs: null,
      providerCode: null,
    };
    const model: Model = {
      id: 'stub/model',
      async call() {
        throw new RegattaError('model/timeout', 'Too late. Try again.', { ...details, timeout });
      },
    };
    const run = new LLM({ model, retry: { maxAttempts: 1 } }).start('hello');
    await expect(run.result).rejects.toMatchObject({ code: 'model/timeout' });
    expect(run.ledger).toMatchObject([{ status: 'failed', source }]);
  }
});

test('the reader’s own pauses are not the model’s', async () => {
  const llm = new LLM({ model: paced(10, 10, 10), timeouts: { idleMs: 20 }, retry: { maxAttempts: 1 } });
  const stream = llm.stream('hello');
  const read = (async () => {
    for await (const _ of stream) await new Promise((resolve) => setTimeout(resolve, 500));
    return (await stream.result).text;
  })();
  await vi.runAllTimersAsync();
  expect(await read).toBe('done');
});

test('a model that is deaf to its signal ends with the next thing that it tells', async () => {
  const told: number[] = [];
  const ended = Promise.withResolvers<unknown>();
  const deaf: Model = {
    id: 'stub/model',
    async call(_request, _context, tell) {
      try {
        for (let piece = 1; ; piece++) {
          told.push(piece);
          await tell({ type: 'delta', kind: 'text', text: 'more ', tool: null });
          await new Promise((resolve) => setTimeout(resolve, 60));
        }
      } catch (error) {
        ended.resolve(error);
        throw error;
      }
    },
  };
  const llm = new LLM({ model: deaf, timeouts: { totalMs: 100 }, retry: { maxAttempts: 1 } });
  const run = llm.start('hello', { stream: true });
  const failed = expect(run.result).rejects.toMatchObject({ code: 'model/timeout' });
  await vi.advanceTimersByTimeAsync(1000);
  await failed;
  expect(await ended.promise).toMatchObject({ code: 'model/timeout' });
  expect(told).toEqual([1, 2, 3]); // the third is heard by nobody
  expect(run.audit().orphaned).toBe(0);
});

test.each<[string, Model['call']]>([
  [
    'throws at once',
    () => {
      throw new Error('broken');
    },
  ],
  ['gives no promise', () => ({}) as never],
  ['gives what is no reply', async () => ({}) as never],
])('a model that %s has failed, once, and leaves neither a timer nor an open attempt', async (_, call) => {
  const run = new LLM({ model: { id: 'stub/model', call } }).start('hello');
  await expect(run.result).rejects.toThrow();
  const { openAttempts, orphaned } = await run.flush();
  expect(run.ledger).toMatchObject([{ status: 'failed' }]);
  expect([openAttempts, orphaned, vi.getTimerCount()]).toEqual([0, 0, 0]);
});
