import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Entry } from '../ports/scope.ts';
import { hop, settle } from '../testing/marked.fixture.ts';
import { createEntry } from './entry.ts';
import { Registry } from './registry.ts';

/** Somewhere callbacks come and go. Between its steps an actor waits for its turn. */
interface Place {
  register(entry: Entry, turn: () => Promise<unknown>): Promise<() => Promise<void>>;
  list(): readonly Entry[];
}

function placeOf(registry: Registry): Place {
  return {
    register: async (entry) => {
      const { dispose } = registry.add([entry]);
      return async () => dispose();
    },
    list: () => registry.scope,
  };
}

/** The origin's: one list, where a caller looks first, and changes it later. */
function naivePlace(): Place {
  const list: Entry[] = [];
  return {
    register: async (entry, turn) => {
      const same = list.findIndex(({ key }) => key === entry.key);
      await turn();
      if (same >= 0) list.splice(same, 1);
      list.push(entry);
      return async () => {
        const at = list.indexOf(entry);
        await turn();
        list.splice(at, 1); // -1 removes the last one, whoever it belongs to
      };
    },
    list: () => list,
  };
}

/** Microtasks that each actor waits: before it comes, inside of registering, and before it goes. */
type Pauses = readonly [coming: number, inside: number, going: number];

/**
 * Actors that come, and half of whom go again, all in one stretch of microtasks. Gives how many of who
 * should be there are not, and the other way round.
 */
async function damage(place: Place, actors: readonly Pauses[]): Promise<number> {
  const bystander = createEntry(() => undefined, { key: 'bystander' });
  await place.register(bystander, async () => undefined);
  const stayed: Entry[] = [bystander];
  const act = async ([coming, inside, going]: Pauses, index: number): Promise<void> => {
    const entry = createEntry(() => undefined, { key: `actor ${index}` });
    await hop(coming);
    const leave = await place.register(entry, () => hop(inside));
    await hop(going);
    if (index % 2 === 0) {
      await leave();
      await leave(); // a second time changes nothing
    } else stayed.push(entry);
  };
  await Promise.all(actors.map(act));
  await settle();
  const left = place.list();
  const lost = stayed.filter((entry) => !left.includes(entry)).length;
  return lost + left.filter((entry) => !stayed.includes(entry)).length;
}

describe('whoever registers and leaves at once, all who stayed are there and nobody else (R01)', () => {
  const pause = fc.integer({ min: 0, max: 5 });
  const actors = fc.array(fc.tuple(pause, pause, pause), { minLength: 2, maxLength: 12 });
  test('in a registry', async () => {
    await fc.assert(
      fc.asyncProperty(actors, async (given) => {
        expect(await damage(placeOf(new Registry()), given)).toBe(0);
      }),
    );
  });
  test('and the naive list loses some, so this test can fail', async () => {
    let damaged = 0;
    await fc.assert(
      fc.asyncProperty(actors, async (given) => {
        damaged += await damage(naivePlace(), given);
      }),
    );
    expect(damaged).toBeGreaterThan(0);
  });
});

test('a registration is there for whoever looks next, in the same segment of code (R01)', () => {
  const registry = new Registry();
  const before = registry.scope;
  const entry = createEntry(() => undefined);
  const { dispose } = registry.add([entry]);
  expect(registry.scope).toEqual([entry]);
  dispose();
  expect(registry.scope).toEqual([]);
  expect(before).toEqual([]);
});

test('registering the same class again and again keeps one (R06)', () => {
  const registry = new Registry();
  class Tracer {}
  for (let count = 0; count < 1000; count++) registry.add([createEntry(() => undefined, { key: Tracer })]);
  expect(registry.scope).toHaveLength(1);
});

test('two registries share nothing (R02)', () => {
  const [one, other] = [new Registry(), new Registry()];
  one.add([createEntry(() => undefined)]);
  expect(other.scope).toEqual([]);
});
