import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Entry } from '../ports/scope.ts';
import { createEntry, createFilter } from './entry.ts';
import { Registry } from './registry.ts';
import { createScope, EMPTY_SCOPE, extendScope } from './scope.ts';

const entry = (key: string, locked = false): Entry => createEntry(() => undefined, { key, locked });

test('of a key the newest registration of a scope counts, at the newest place', () => {
  const [a1, b, a2] = [entry('a'), entry('b'), entry('a')];
  expect(createScope([a1, b, a2])).toEqual([b, a2]);
});

test('an inner scope hides the same key outside of it, unless that is locked; other keys add up', () => {
  const outer = createScope([entry('a'), entry('b', true), entry('c')]);
  const inner = createScope([entry('a'), entry('b')]);
  expect(extendScope(outer, inner)).toEqual([outer[1], outer[2], inner[0], inner[1]]);
});

test('a scope that adds nothing costs nothing: the scope is the same object', () => {
  const outer = createScope([entry('a')]);
  expect(extendScope(outer, EMPTY_SCOPE)).toBe(outer);
  expect(extendScope(EMPTY_SCOPE, outer)).toBe(outer);
});

test('a published scope never changes, whatever is registered and disposed after it', () => {
  const action = fc.record({ key: fc.constantFrom('a', 'b', 'c'), dispose: fc.boolean() });
  fc.assert(
    fc.property(fc.array(action, { maxLength: 30 }), (actions) => {
      const registry = new Registry();
      const model: Entry[] = [];
      const registrations: { readonly entry: Entry; readonly dispose: () => void }[] = [];
      const published: (readonly [scope: readonly Entry[], copy: readonly Entry[]])[] = [];
      for (const { key, dispose } of actions) {
        if (dispose) {
          const registration = registrations.pop();
          registration?.dispose();
          registration?.dispose(); // idempotent
          const index = registration === undefined ? -1 : model.indexOf(registration.entry);
          if (index >= 0) model.splice(index, 1);
        } else {
          const added = entry(key);
          const old = model.findIndex((known) => known.key === key);
          if (old >= 0) model.splice(old, 1);
          model.push(added);
          registrations.push({ entry: added, dispose: registry.add([added]).dispose });
        }
        expect(registry.scope).toEqual(model);
        published.push([registry.scope, [...registry.scope]]);
      }
      for (const [scope, copy] of published) expect(scope).toEqual(copy);
    }),
  );
});

test('patterns choose by type and by noun', () => {
  const hears = createFilter(['model.*', 'run.end']);
  expect(['model.start', 'model.delta', 'run.end', 'run.start', 'tool.end'].map(hears)).toEqual([
    true,
    true,
    true,
    false,
    false,
  ]);
  expect(createFilter(null)('tool.end') && createFilter(['*'])('tool.end')).toBe(true);
});
