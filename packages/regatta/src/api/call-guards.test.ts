import { expect, test } from 'vitest';
import { type CallPart, guard, LLM } from '../index.ts';
import { createGate, scriptedModel } from '../testing/index.ts';
import { settle } from '../testing/marked.fixture.ts';

const ways = [
  ['llm.call', (llm: LLM) => llm.call('a secret question')],
  ['llm.stream', (llm: LLM) => llm.stream('a secret question').result],
] as const;

const redact = guard('model.before', ({ model, messages }) => ({
  model,
  messages: messages.map((message) =>
    message.role === 'user'
      ? { role: 'user', content: String(message.content).replace('secret', '***') }
      : message,
  ),
}));
const soften = guard('model.after', ({ model, message }) => ({
  model,
  message: { ...message, content: [{ type: 'text', text: 'softened' }] },
}));

test.each(ways)('guards change what %s asks and answers', async (_, ask) => {
  const model = scriptedModel(['harsh words']);
  const { text, message } = await ask(new LLM({ model, callbacks: [redact, soften] }));
  expect(model.requests[0]!.messages).toEqual([{ role: 'user', content: 'a *** question' }]);
  expect([text, message.content]).toEqual(['softened', [{ type: 'text', text: 'softened' }]]);
});

test.each(ways)(
  'a guard that throws, rejects or is late stops %s: before it nothing is asked, after it nothing comes out',
  async (_, ask) => {
    const failing = [
      [
        'guard/denied',
        () => {
          throw new Error('no');
        },
        {},
      ],
      ['guard/denied', () => Promise.reject(new TypeError('a bug in the guard')), {}],
      ['guard/timeout', () => new Promise<undefined>(() => undefined), { timeoutMs: 1 }],
    ] as const;
    for (const [code, check, options] of failing) {
      const before = scriptedModel(['never']);
      const denied = ask(new LLM({ model: before, callbacks: [guard('model.before', check, options)] }));
      await expect(denied).rejects.toMatchObject({ code, details: { at: 'model.before' } });
      expect(before.requests).toHaveLength(0);
      const after = scriptedModel(['withheld']);
      const withheld = ask(new LLM({ model: after, callbacks: [guard('model.after', check, options)] }));
      await expect(withheld).rejects.toMatchObject({ code, details: { at: 'model.after' } });
      expect(after.requests).toHaveLength(1); // asked once: what a guard denies is not tried again
    }
  },
);

test.each(ways)('%s waits for a guard', async (_, ask) => {
  const gate = createGate();
  const model = scriptedModel(['answer']);
  const asked = ask(
    new LLM({ model, callbacks: [guard('model.before', () => gate.pass().then(() => undefined))] }),
  );
  await gate.reached;
  await settle();
  expect(model.requests).toHaveLength(0);
  gate.open();
  expect((await asked).text).toBe('answer');
});

test('no piece of an answer is shown that a guard has yet to let pass', async () => {
  const gate = createGate();
  const holds = guard('model.after', async ({ model, message }) => {
    await gate.pass();
    return { model, message: { ...message, content: [{ type: 'text', text: 'softened' }] } };
  });
  const parts: CallPart[] = [];
  const heard: string[] = [];
  const stream = new LLM({ model: scriptedModel(['harsh words']) }).stream('x', {
    callbacks: [holds, (event) => heard.push(event.type)],
  });
  const read = (async () => {
    for await (const part of stream) parts.push(part);
  })();
  await gate.reached;
  await settle();
  expect(parts).toEqual([]);
  expect(heard).not.toContain('model.delta');
  gate.open();
  await read;
  expect(parts).toEqual([{ type: 'text', text: 'softened', attempt: 1 }]);
});

test('guards of runtime, LLM and call stand in this order', async () => {
  const say = (name: string) =>
    guard('model.after', ({ model, message }) => ({
      model,
      message: { ...message, content: [...message.content, { type: 'text', text: ` ${name}` }] },
    }));
  const { createRuntime } = await import('../index.ts');
  const runtime = createRuntime({ callbacks: [say('runtime')] });
  const llm = new LLM({ model: scriptedModel(['said']), callbacks: [say('llm')] });
  expect((await llm.call('x', { runtime, callbacks: [say('call')] })).text).toBe('said runtime llm call');
});
