import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventBody, RunEvent } from '../../protocol/event.ts';
import { adaptLiteLLM, createObserver, litellmFunction } from './adapt.ts';
import type { LiteLLMCallback } from './callback.ts';
import { CALL_ID, callEvents, endOf, FAILED, HELLO, RUN_ID, START, startOf } from './events.fixture.ts';
import type { CallKwargs } from './kwargs.ts';
import type { ModelResponse } from './model-response.ts';
import { OpenCalls } from './open-calls.ts';

const delta = { type: 'model.delta', attempt: 1, kind: 'text', text: 'H', tool: null } as const;
const retry: EventBody = {
  type: 'model.retry',
  model: 'openai/gpt-5.4-mini',
  attempt: 1,
  delayMs: 5,
  error: { code: 'model/failed', message: 'boom', details: null },
};

async function observe(object: object, events: readonly RunEvent[]): Promise<void> {
  const { observe } = adaptLiteLLM(object)!;
  for (const event of events) await observe(event);
}

describe('of a pair of twins only the async one is called (R07)', () => {
  const cases = fc.record({
    twins: fc.constantFrom('sync', 'async', 'both'),
    stream: fc.boolean(),
    tools: fc.boolean(),
    retried: fc.boolean(),
    failed: fc.boolean(),
    style: fc.constantFrom('camel', 'snake'),
  });
  test('and a call ends for a logger exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ twins, stream, tools, retried, failed, style }) => {
        const heard: string[] = [];
        const names =
          style === 'camel'
            ? ['logSuccessEvent', 'logFailureEvent']
            : ['log_success_event', 'log_failure_event'];
        const async =
          style === 'camel'
            ? ['asyncLogSuccessEvent', 'asyncLogFailureEvent']
            : ['async_log_success_event', 'async_log_failure_event'];
        const wanted = [...(twins === 'async' ? [] : names), ...(twins === 'sync' ? [] : async)];
        const logger = Object.fromEntries(wanted.map((name) => [name, () => void heard.push(name)]));
        const content = tools
          ? ([{ type: 'tool-call', callId: 'c', tool: 'add', args: {} }] as const)
          : ([{ type: 'text', text: 'Hello' }] as const);
        await observe(
          logger,
          callEvents([
            startOf('hi', { stream, tools: tools ? ['add'] : [] }),
            ...(stream ? [delta, delta] : []),
            ...(retried ? [retry] : []),
            failed ? FAILED : endOf(content),
          ]),
        );
        expect(heard).toEqual([(twins === 'sync' ? names : async)[failed ? 1 : 0]]);
      }),
    );
  });
});

class Tracer implements LiteLLMCallback {
  readonly heard: string[] = [];
  logSuccessEvent(kwargs: CallKwargs): void {
    this.heard.push(kwargs.litellm_call_id);
  }
}

test('an instance is adapted under its class, with its methods bound, and hears no pieces it does not want', async () => {
  const tracer = new Tracer();
  const adapted = adaptLiteLLM(tracer)!;
  expect(adapted).toMatchObject({ name: 'Tracer', key: Tracer });
  expect(adapted.on).not.toContain('model.delta');
  for (const event of callEvents([startOf('hi'), HELLO])) await adapted.observe(event);
  expect(tracer.heard).toEqual([CALL_ID]);
});

test('only who has a stream method asks for pieces', () => {
  expect(adaptLiteLLM({ logStreamEvent() {} })!.on).toContain('model.delta');
  expect(litellmFunction(() => undefined, 'stream').on).toContain('model.delta');
  expect(litellmFunction(() => undefined, 'success').on).not.toContain('model.delta');
});

test('what has no method of the contract is not adapted; what only masks hears nothing', () => {
  expect(adaptLiteLLM({ onEvent() {} })).toBeUndefined();
  expect(adaptLiteLLM({ loggingHook: () => undefined })!.on).toEqual([]);
});

test('ids, place and times of a call are in kwargs', async () => {
  const heard: CallKwargs[] = [];
  await observe(
    { logSuccessEvent: (kwargs: CallKwargs) => heard.push(kwargs), logStreamEvent() {} },
    callEvents([startOf('hi', { stream: true }), delta, delta, HELLO]),
  );
  const [kwargs] = heard;
  expect(kwargs).toMatchObject({
    litellm_call_id: CALL_ID,
    litellm_trace_id: RUN_ID,
    custom_llm_provider: 'openai',
  });
  expect(kwargs!.litellm_params.metadata).toEqual({ run_id: RUN_ID, task: 'report', agent: 'writer' });
  expect(kwargs!.start_time.getTime()).toBe(START);
  expect(kwargs!.completion_start_time?.getTime()).toBe(START + 10);
  expect(kwargs!.standard_logging_object).toMatchObject({
    trace_id: RUN_ID,
    litellm_call_id: CALL_ID,
    response_time: 0.01,
    stream: true,
  });
});

test('pieces of an attempt that was tried again do not count as the beginning of the answer', async () => {
  const heard: CallKwargs[] = [];
  await observe(
    { logSuccessEvent: (kwargs: CallKwargs) => heard.push(kwargs), logStreamEvent() {} },
    callEvents([startOf('hi', { stream: true }), delta, retry, delta, HELLO]),
  );
  expect(heard[0]!.completion_start_time?.getTime()).toBe(START + 30);
});

test('thoughts are no pieces of the answer', async () => {
  const heard: unknown[] = [];
  await observe(
    { logStreamEvent: (_kwargs: unknown, chunk: unknown) => heard.push(chunk) },
    callEvents([
      startOf('hi', { stream: true }),
      { ...delta, kind: 'reasoning' },
      { ...delta, kind: 'tool-call', tool: 'add', text: '{' },
      HELLO,
    ]),
  );
  expect(heard).toMatchObject([
    {
      choices: [
        {
          delta: {
            role: 'assistant',
            content: null,
            tool_calls: [{ function: { name: 'add', arguments: '{' } }],
          },
        },
      ],
    },
  ]);
});

test('each view is frozen and its own: what a callback does to it, no other call sees (R10)', async () => {
  const views: CallKwargs[] = [];
  const greedy = {
    logPreApiCall: (_model: string, messages: { content: string }[], kwargs: CallKwargs) => {
      views.push(kwargs);
      kwargs.start_time.setTime(0);
      expect(() => {
        messages[0]!.content = 'stolen';
      }).toThrow(TypeError);
    },
    logSuccessEvent: (kwargs: CallKwargs, response: ModelResponse) => {
      views.push(kwargs);
      expect(() => Object.assign(kwargs, { log_event_type: 'mine' })).toThrow(TypeError);
      expect(() => Object.assign(response, { id: 'mine' })).toThrow(TypeError);
      expect(() => Object.assign(kwargs.standard_logging_object!.metadata, { run: 'mine' })).toThrow(
        TypeError,
      );
    },
  };
  const events = callEvents([startOf('hi', { parameters: { temperature: 1 } }), HELLO]);
  const before = JSON.stringify(events);
  await observe(greedy, events);
  expect(views).toHaveLength(2);
  expect(views[1]!.start_time.getTime()).toBe(START);
  expect(JSON.stringify(events)).toBe(before);
});

test('a method that throws or rejects is reported, and does not keep the next one from being called', async () => {
  const heard: string[] = [];
  const events = callEvents([startOf('hi'), HELLO]);
  const { observe } = adaptLiteLLM({
    logPostApiCall: () => {
      throw new Error('post');
    },
    asyncLogSuccessEvent: async () => void heard.push('success'),
  })!;
  for (const event of events.slice(0, 3)) observe(event);
  await expect(observe(events[3]!)).rejects.toThrow('post');
  expect(heard).toEqual(['success']);
});

test('a failed call gives the error with class, status and provider', async () => {
  const heard: unknown[][] = [];
  await observe(
    { logFailureEvent: (...args: unknown[]) => heard.push(args) },
    callEvents([startOf('hi'), FAILED]),
  );
  const kwargs = heard[0]![0] as CallKwargs;
  expect(heard[0]![1]).toBeNull();
  expect(kwargs.exception).toMatchObject({
    name: 'AuthenticationError',
    status_code: 401,
    llm_provider: 'openai',
    code: 'model/authentication',
  });
  expect(String(kwargs.exception)).toContain('bad key');
  expect(kwargs.traceback_exception).not.toMatch(/\bat /);
});

test('the end of a call whose start was dropped is still told, once', async () => {
  const heard: CallKwargs[] = [];
  const events = callEvents([startOf('hi'), HELLO]).filter(({ type }) => type !== 'model.start');
  await observe({ logSuccessEvent: (kwargs: CallKwargs) => heard.push(kwargs) }, events);
  expect(heard).toMatchObject([{ model: 'gpt-4o-mini', messages: [], custom_llm_provider: 'openai' }]);
});

test('nothing is remembered of calls that have ended, whatever was dropped on the way', async () => {
  const one = callEvents([startOf('hi', { stream: true }), delta, retry, delta, HELLO]);
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: 0, max: one.length - 1 })),
      fc.boolean(),
      async (dropped, throwing) => {
        const calls = new OpenCalls();
        const fail = async (): Promise<void> => {
          throw new Error('handler');
        };
        const observe = createObserver(
          calls,
          throwing ? { successEvent: fail, streamEvent: fail, preApiCall: fail } : {},
        );
        for (const [index, event] of one.entries()) {
          if (dropped.includes(index) && !event.type.endsWith('.end')) continue; // a lane never drops ends
          await Promise.resolve(observe(event)).catch(() => undefined);
        }
        expect(calls.size).toBe(0);
      },
    ),
  );
});
