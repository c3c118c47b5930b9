import fc from 'fast-check';
import { expect, test } from 'vitest';
import { systemClock } from '../base/clock.ts';
import { callback } from '../index.ts';
import type { Spill } from '../ports/scope.ts';
import type { RunEvent } from '../protocol/event.ts';
import { inputsOf, markedCrew, settle } from '../testing/marked.fixture.ts';
import { createEntry } from './entry.ts';
import { Lane } from './lane.ts';

/** What happens to one write: when, and whether it fails. */
const write = fc.record({ turns: fc.integer({ min: 0, max: 4 }), fails: fc.boolean() });

async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await settle();
}

/** A place that keeps events in the order of their writes, takes its time for each, and fails for some. */
function slowSpill(writes: readonly { readonly turns: number; readonly fails: boolean }[]): () => Spill {
  let count = 0;
  return () => {
    const kept: RunEvent[] = [];
    let last: Promise<unknown> = Promise.resolve();
    return {
      write: (event) => {
        const { turns: own, fails } = writes[count++ % writes.length]!;
        const written = last.then(async () => {
          await turns(own);
          if (fails) throw new Error('the disk is full');
          kept.push(event);
        });
        last = written.catch(() => undefined);
        return written;
      },
      take: async (limit) => kept.splice(0, limit),
      close: () => {
        throw new Error('it is gone');
      },
    };
  };
}

test('whatever a spill fails to keep, and however late it says so: each event is delivered or dropped, once (R59)', async () => {
  const pushes = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 5 }), pushes, async (writes, pauses) => {
      const heard: number[] = [];
      const observe = async ({ seq }: RunEvent): Promise<void> => {
        await settle();
        heard.push(seq);
      };
      const lane = new Lane(createEntry(observe, { capacity: 1, onFull: slowSpill(writes) }), {
        enter: (call) => call(),
        onError: () => undefined,
        clock: systemClock,
      });
      for (const [seq, pause] of pauses.entries()) {
        lane.push({ seq, type: 'tool.start' } as RunEvent); // a lane reads nothing else
        await turns(pause);
      }
      await lane.settle();
      await turns(80); // every write has failed or not by now
      const { offered, delivered, dropped, pending } = lane.counts();
      expect([...heard].sort((one, other) => one - other)).toEqual(heard);
      expect([offered, delivered, pending]).toEqual([pauses.length, heard.length, 0]);
      expect(delivered + dropped.full).toBe(offered);
    }),
    { numRuns: 60 },
  );
});

const broken = {
  opening: () => {
    throw new Error('no folder');
  },
  writing: () => ({
    ...slowSpill([{ turns: 0, fails: false }])(),
    write: () => {
      throw new Error('no disk');
    },
  }),
};

test.each(['opening', 'writing'] as const)(
  'a spill that throws while it is %s loses what does not fit, with its count, and ends no run (R11)',
  async (name) => {
    const heard: string[] = [];
    const slow = async ({ type }: RunEvent): Promise<void> => {
      await settle();
      heard.push(type);
    };
    const run = markedCrew(['ok']).start({
      inputs: inputsOf(0),
      callbacks: [callback(slow, { capacity: 1, onFull: broken[name] })],
    });
    expect((await run.result).text).toBe('ok');
    const { offered, delivered, dropped, balance } = await run.flush();
    expect([delivered, offered, balance]).toEqual([heard.length, delivered + dropped, 0]);
    expect(dropped).toBeGreaterThan(0);
  },
);
