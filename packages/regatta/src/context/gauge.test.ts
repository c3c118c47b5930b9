import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contextWindowOf, countTokens, LLM, type Message, router } from '../index.ts';
import { createResolver } from '../model/resolve.ts';
import { builtinProviders } from '../models/providers.ts';
import { clip } from './clip.ts';
import { boundOf, Gauge } from './gauge.ts';

function open(model: string) {
  const providers = builtinProviders();
  const resolve = createResolver({ providers, env: {}, defaultLlm: undefined, rehearse: false });
  return resolve(new LLM({ model }), 'The test');
}

const talk: readonly Message[] = [
  { role: 'system', content: 'You are a pilot of ships.' },
  { role: 'user', content: 'Wie tief ist es bei Kiel? 深さは? <|endoftext|>' },
  { role: 'assistant', content: [{ type: 'text', text: '12 m' }] },
];

test('where the tokenizer is known to be the provider’s, it counts as countTokens does, without a margin', async () => {
  const model = open('openai/gpt-4.1-mini');
  const gauge = new Gauge(await model.loadCounter?.());
  const { tokens, isExact } = await countTokens('openai/gpt-4.1-mini', talk);
  expect([gauge.messages(talk) + gauge.requestTokens, gauge.isExact]).toEqual([tokens, true]);
  expect(isExact).toBe(true);
  expect(model.contextWindow).toBe(contextWindowOf('openai/gpt-4.1-mini'));
});

test('elsewhere it is an estimate, with more room than the plain one', async () => {
  const model = open('anthropic/claude-sonnet-4-5');
  const gauge = new Gauge(await model.loadCounter?.());
  const { tokens } = await countTokens('anthropic/claude-sonnet-4-5', talk);
  expect(gauge.messages(talk)).toBeGreaterThan(tokens);
  expect(gauge.isExact).toBe(false);
  expect(model.contextWindow).toBe(contextWindowOf('anthropic/claude-sonnet-4-5'));
});

test('what an LLM says of its window wins, and a router has the smallest of its deployments', () => {
  const providers = builtinProviders();
  const resolve = createResolver({ providers, env: {}, defaultLlm: undefined, rehearse: false });
  expect(resolve(new LLM({ model: 'openai/gpt-4.1', contextWindow: 9 }), 'x').contextWindow).toBe(9);
  expect(resolve(new LLM({ model: 'ollama/unheard-of' }), 'x').contextWindow).toBeUndefined();
  const windows = [500, 90, 700].map(
    (contextWindow) => new LLM({ model: 'ollama/unheard-of', contextWindow }),
  );
  const models = [...windows.map((llm) => ({ llm })), 'ollama/other'];
  const one = router({ models });
  expect(resolve(one, 'x').contextWindow).toBe(90);
});

test('an image counts as an image, and not as the text of its data', () => {
  const gauge = new Gauge(undefined);
  const base64 = 'A'.repeat(4_000_000);
  const image: Message = {
    role: 'user',
    content: [{ type: 'file', mediaType: 'image/png', data: { base64 } }],
  };
  expect(gauge.message(image)).toBeLessThan(2000);
});

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.lorem({ maxCount: 60 }),
);

test('the bound that is nearly free is never below the count, by any counter', async () => {
  const counters = [undefined, await open('openai/gpt-4.1').loadCounter?.()];
  const message: fc.Arbitrary<Message> = fc.oneof(
    text.map((content): Message => ({ role: 'user', content })),
    text.map((content): Message => ({ role: 'tool', callId: 'c', tool: 't', content, isError: false })),
    text.map((written): Message => ({ role: 'assistant', content: [{ type: 'text', text: written }] })),
  );
  fc.assert(
    fc.property(fc.array(message), fc.constantFrom(...counters), (messages, counter) => {
      expect(new Gauge(counter).messages(messages)).toBeLessThanOrEqual(boundOf(messages));
    }),
  );
});

test('a clipped text takes no more than it may, keeps its ends, and no half of a character', async () => {
  const counter = await open('openai/gpt-4.1').loadCounter?.();
  const gauges = [new Gauge(undefined), new Gauge(counter)];
  fc.assert(
    fc.property(
      text,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 60, max: 300 }),
      (one, times, max) => {
        const whole = one.repeat(times);
        for (const gauge of gauges) {
          const cut = clip(whole, max, gauge);
          expect(gauge.text(cut)).toBeLessThanOrEqual(max);
          if (gauge.text(whole) <= max) expect(cut).toBe(whole);
          else expect(cut).toContain(`of ${whole.length} characters left out`);
          if (whole.isWellFormed()) expect(cut.isWellFormed()).toBe(true);
        }
      },
    ),
  );
});
