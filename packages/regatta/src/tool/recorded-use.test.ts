import { expect, test } from 'vitest';
import type { RunContext } from '../ports/run-context.ts';
import type { Tool } from '../ports/tool.ts';
import { recordedUse } from './recorded-use.ts';

test('a use that nobody knows the outcome of is known as such on a thread, too, where errors are copies', async () => {
  const context = {
    isJournaled: true,
    epoch: 2,
    signal: new AbortController().signal,
    child: () => context,
    async step<T>(kind: string, work: () => Promise<T>): Promise<T> {
      if (kind === 'started-1') return 1 as T; // begun by the process before this one
      return await work().catch((error) => Promise.reject(new Error(error.message))); // as a port carries it
    },
  } as unknown as RunContext;
  const tool = { name: 'pay', sideEffect: true, onUnknownOutcome: 'fail' } as Tool;
  const work = recordedUse({ tool, args: {} }, context, () => Promise.resolve('paid twice'));
  await expect(work).rejects.toMatchObject({ code: 'tool/unknown-outcome' });
});
