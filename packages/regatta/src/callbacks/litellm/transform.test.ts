import { expect, test } from 'vitest';
import { isRegattaError } from '../../base/errors.ts';
import type { RunEvent } from '../../protocol/event.ts';
import type { Message } from '../../protocol/message.ts';
import { callEvents, endOf, FAILED, HELLO, startOf } from './events.fixture.ts';
import { hasTransform, transformOf } from './transform.ts';

interface Kwargs {
  messages: { content: unknown }[];
}
interface Result {
  choices: { message: { content: string } }[];
}

function shown(
  hook: (kwargs: Kwargs, result: Result | null, callType: string) => unknown,
  events: readonly RunEvent[],
) {
  const transform = transformOf({ loggingHook: hook })!;
  return events.map((event) => transform(event));
}
const events = callEvents([startOf('my secret'), endOf([{ type: 'text', text: 'the secret' }])]);
const mask = (text: unknown): string => String(text).replaceAll('secret', '***');

test('a hook that returns a new pair changes messages and answer, and nothing else', () => {
  const seen = shown(
    (kwargs, result) => [
      {
        ...kwargs,
        messages: kwargs.messages.map((message) => ({ ...message, content: mask(message.content) })),
      },
      result && {
        ...result,
        choices: [{ message: { role: 'assistant', content: mask(result.choices[0]!.message.content) } }],
      },
    ],
    events,
  );
  expect(seen[2]).toMatchObject({ messages: [{ content: 'be brief' }, { role: 'user', content: 'my ***' }] });
  expect(seen[3]).toMatchObject({
    message: { role: 'assistant', content: [{ type: 'text', text: 'the ***' }] },
  });
  for (const [index, event] of seen.entries()) {
    if (index !== 2 && index !== 3) expect(event).toBe(events[index]);
    expect(Object.isFrozen(event)).toBe(true);
  }
});

test('a hook in the style of Python may change what it gets; the original is not touched', () => {
  const before = JSON.stringify(events);
  const seen = shown((kwargs, result) => {
    for (const message of kwargs.messages) message.content = mask(message.content);
    if (result) result.choices[0]!.message.content = '***';
    return [kwargs, result];
  }, events);
  expect(JSON.stringify(seen.slice(2, 4))).not.toContain('secret');
  expect(JSON.stringify(events)).toBe(before);
});

test('the messages of the call are in kwargs at its end too', () => {
  const counts: number[] = [];
  shown((kwargs) => void counts.push(kwargs.messages.length), events);
  expect(counts).toEqual([2, 2]);
});

test('what a hook leaves as it was keeps the parts that OpenAI has no words for', () => {
  const assistant: Message = {
    role: 'assistant',
    content: [
      { type: 'reasoning', text: 'Hm', providerData: { signature: 's' } },
      { type: 'tool-call', callId: 'c', tool: 'add', args: { a: 1 } },
    ],
  };
  const tool: Message = { role: 'tool', callId: 'c', tool: 'add', content: 'secret 2', isError: true };
  const [, , start] = callEvents([startOf('hi'), HELLO]);
  const event = { ...start!, messages: [assistant, tool] } as RunEvent;
  const transform = transformOf({
    logging_hook: (kwargs: Kwargs) => {
      kwargs.messages[1]!.content = mask(kwargs.messages[1]!.content);
    },
  })!;
  const seen = transform(event) as RunEvent & { readonly messages: readonly Message[] };
  expect(seen.messages[0]).toBe(assistant);
  expect(seen.messages[1]).toEqual({ ...tool, content: '*** 2' });
});

test('an answer that calls tools is rebuilt from what the hook gave', () => {
  const call = endOf(
    [
      { type: 'text', text: 'secret' },
      { type: 'tool-call', callId: 'c', tool: 'add', args: { a: 1 } },
    ],
    'tool-calls',
  );
  const seen = shown(
    (_kwargs, result) => {
      if (result) result.choices[0]!.message.content = '***';
    },
    callEvents([startOf('hi'), call]),
  );
  expect(seen[3]).toMatchObject({
    message: {
      content: [
        { type: 'text', text: '***' },
        { type: 'tool-call', callId: 'c', tool: 'add', args: { a: 1 } },
      ],
    },
  });
});

test('a hook that takes everything away leaves nothing', () => {
  const seen = shown(() => [{}, null], events);
  expect(seen[2]).toMatchObject({ messages: [] });
  expect(seen[3]).toMatchObject({ message: { role: 'assistant', content: [] } });
});

test('pieces lose their text, failures pass', () => {
  const delta = { type: 'model.delta', attempt: 1, kind: 'text', text: 'secret', tool: null } as const;
  const seen = shown((kwargs, result) => [kwargs, result], callEvents([startOf('hi'), delta, FAILED]));
  expect(seen[3]).toMatchObject({ type: 'model.delta', text: '' });
  expect(seen[4]).toMatchObject({ message: null, error: { code: 'model/authentication' } });
});

test('a hook that throws keeps the event from being shown', () => {
  const transform = transformOf({
    loggingHook: () => {
      throw new Error('cannot mask');
    },
  })!;
  expect(() => transform(events[2]!)).toThrow('cannot mask');
});

test('who has no hook is no transform; an async hook alone is refused, never ignored', () => {
  expect(hasTransform({ logSuccessEvent() {} })).toBe(false);
  expect(transformOf({ logSuccessEvent() {} })).toBeUndefined();
  const late = { asyncLoggingHook: async () => undefined };
  expect(hasTransform(late)).toBe(true);
  try {
    transformOf(late);
    expect.unreachable();
  } catch (error) {
    expect(isRegattaError(error, 'definition/invalid')).toBe(true);
  }
});
