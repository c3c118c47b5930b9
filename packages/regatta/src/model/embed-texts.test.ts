import { expect, test } from 'vitest';
import { memoryCache } from '../index.ts';
import { createContext } from '../models/fixtures/context.fixture.ts';
import type { ReadyEmbedder, VectorCache } from '../ports/embedder.ts';
import type { RunContext } from '../ports/run-context.ts';
import { createGate } from '../testing/index.ts';
import { embedTexts } from './embed-texts.ts';

function readyWith(flights: VectorCache['flights']): ReadyEmbedder {
  return {
    embedder: { id: 'fake/embed', embed: () => Promise.reject(new Error('not asked')) },
    settings: { timeoutMs: 1_000, retry: { maxAttempts: 1, minDelayMs: 0, maxDelayMs: 0, retry: 'always' } },
    cache: {
      policy: { store: memoryCache(), ttlMs: 1_000, scope: 'runtime' },
      keyOf: (text) => text,
      flights,
    },
  };
}

test('who is cancelled before it has looked leaves no text behind for which others would wait', async () => {
  const flights: VectorCache['flights'] = new Map();
  const gate = createGate();
  const controller = new AbortController();
  const plain = createContext({ signal: controller.signal });
  const orphans: Promise<unknown>[] = [];
  // As with a journal that is slow to say that it has nothing.
  const context = {
    ...plain,
    signal: controller.signal,
    orphan: (work: Promise<unknown>) => void orphans.push(work),
    child: () => context,
    step: async (_: string, work: () => Promise<unknown>) => {
      await gate.pass();
      return await work();
    },
  } as unknown as RunContext; // what this call uses of one
  const next = embedTexts(readyWith(flights), ['a'], context);
  await gate.reached;
  controller.abort(new Error('enough'));
  await expect(next).rejects.toThrow('enough');
  gate.open();
  await Promise.allSettled(orphans);
  expect([orphans.length, flights.size]).toEqual([1, 0]);
});
