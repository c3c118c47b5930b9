import { expect, test } from 'vitest';
import { createCore } from '../api/core.ts';
import { LLM } from '../index.ts';
import type { Providers } from '../ports/provider.ts';
import { createGate, scriptedModel } from '../testing/index.ts';
import { hop } from '../testing/marked.fixture.ts';

/** A provider that opens a model for each time it is asked, when `turn` lets it. */
function countingProviders(turn: () => Promise<unknown>) {
  const opened: string[] = [];
  const providers: Providers = {
    names: ['slow'],
    open: async (_provider, modelId, { apiKey }) => {
      opened.push(`${modelId} ${apiKey === undefined ? '' : 'with a key'}`);
      await turn();
      if (modelId === 'broken' && opened.length < 3) throw new Error('not yet');
      return scriptedModel([`opened ${opened.length}`], { loop: true, id: `slow/${modelId}` });
    },
    priceOf: () => undefined,
    adopt: () => undefined,
    close: async () => undefined,
  };
  return { providers, opened };
}

test('100 calls at once open a provider once for each LLM, and another LLM of its name has its own (R42, R39)', async () => {
  const { providers, opened } = countingProviders(() => hop(5));
  const core = createCore({ providers });
  const [one, other] = [new LLM({ model: 'slow/x' }), new LLM({ model: 'slow/x', apiKey: 'sk-of-another' })];
  await Promise.all(
    Array.from({ length: 100 }, (_, index) =>
      (index % 2 === 0 ? one : other).call('hello', { runtime: { core } }),
    ),
  );
  expect(opened.sort()).toEqual(['x ', 'x with a key']);
});

test('a provider that failed to open is opened anew by the next call: no failure is kept (R30)', async () => {
  const { providers, opened } = countingProviders(() => hop(2));
  const core = createCore({ providers });
  const llm = new LLM({ model: 'slow/broken' });
  const call = () => llm.call('hello', { runtime: { core } });
  await expect(call()).rejects.toThrow('not yet');
  await expect(call()).rejects.toThrow('not yet');
  await expect(call()).resolves.toMatchObject({ text: 'opened 3' });
  await expect(call()).resolves.toMatchObject({ text: 'opened 3' });
  expect(opened).toHaveLength(3);
});

test('a call that is cancelled while its provider opens takes nothing from those that wait with it (R42)', async () => {
  const gate = createGate();
  const { providers, opened } = countingProviders(gate.pass);
  const core = createCore({ providers });
  const llm = new LLM({ model: 'slow/x' });
  const runs = Array.from({ length: 3 }, () => llm.start('hello', { runtime: { core } }));
  await gate.reached;
  runs[0]!.cancel('enough');
  await expect(runs[0]!.result).rejects.toMatchObject({ code: 'run/cancelled' });
  gate.open();
  expect((await runs[1]!.result).text).toBe('opened 1');
  expect((await runs[2]!.result).text).toBe('opened 1');
  expect(opened).toHaveLength(1);
});
