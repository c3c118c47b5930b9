import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Ended, Merge } from './merge.ts';

test('in every schedule: nothing is lost, each generator keeps its order, and each end is heard once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fc.record({ says: fc.nat(4), fails: fc.boolean() }), { minLength: 1, maxLength: 5 }),
      async (scheduler, works) => {
        const merge = new Merge<string>();
        const ends = new Map<number, Ended<number>>();
        works.forEach(({ says, fails }, index) => {
          async function* work(): AsyncGenerator<string, number, void> {
            for (let at = 0; at < says; at++) {
              await scheduler.schedule(Promise.resolve());
              yield `${index}.${at}`;
            }
            if (fails) throw new Error(`broken ${index}`);
            return index;
          }
          merge.start(work(), (ended) => {
            expect(ends.has(index)).toBe(false);
            ends.set(index, ended);
          });
        });
        const said = await scheduler.waitFor(Array.fromAsync(merge.read()));
        works.forEach(({ says, fails }, index) => {
          const own = said.filter((text) => text.startsWith(`${index}.`));
          expect(own).toEqual(Array.from({ length: says }, (_, at) => `${index}.${at}`));
          expect(ends.get(index)).toEqual(
            fails ? { isDone: false, error: new Error(`broken ${index}`) } : { isDone: true, value: index },
          );
        });
        expect(merge.size).toBe(0);
      },
    ),
  );
});

test('work that is started by the end of other work is read as well', async () => {
  const merge = new Merge<string>();
  async function* say(text: string): AsyncGenerator<string, void, void> {
    yield text;
  }
  merge.start(say('one'), () => merge.start(say('two'), () => merge.push('three')));
  expect(await Array.fromAsync(merge.read())).toEqual(['one', 'two', 'three']);
});
