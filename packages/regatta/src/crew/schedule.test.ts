import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventDraft, Span, Work } from '../ports/span.ts';
import { sortGraph, type TaskNode } from './graph.ts';
import { type Outcome, schedule } from './schedule.ts';

const span: Span = { id: 'run', parentId: null, task: null, agent: null, scope: [] };
const say = (text: string): EventDraft => ({
  span,
  body: { type: 'output.rejected', text, problems: '' },
});

async function collect<T>(work: Work<T>): Promise<{ said: string[]; result: T }> {
  const said: string[] = [];
  while (true) {
    const next = await work.next();
    if (next.done) return { said, result: next.value };
    if (next.value.body.type === 'output.rejected') said.push(next.value.body.text);
  }
}

/** Random graphs: each node may need any of those before it. */
const graphs = fc
  .array(fc.record({ needs: fc.array(fc.nat(), { maxLength: 3 }), fails: fc.boolean() }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((nodes) =>
    nodes.map(({ needs, fails }, index) => ({
      id: `t${index}`,
      fails: fails && index % 3 === 1,
      needs: index === 0 ? [] : [...new Set(needs.map((need) => `t${need % index}`))],
    })),
  );

test('in every graph and every order of completion: needs first, the limit held, failures skip only dependants', async () => {
  await fc.assert(
    fc.asyncProperty(
      graphs,
      fc.scheduler(),
      fc.integer({ min: 1, max: 4 }),
      async (nodes, scheduler, limit) => {
        let atWork = 0;
        const done = new Set<string>();
        type Node = (typeof nodes)[number];
        const work = schedule<Node, string>(nodes, {
          limit,
          skip: ({ id }) => say(`skip ${id}`),
          run: async function* ({ id, needs, fails }, outputs) {
            expect(++atWork).toBeLessThanOrEqual(limit);
            expect(needs.every((need) => done.has(need) && outputs.get(need) === `out ${need}`)).toBe(true);
            yield say(`start ${id}`);
            await scheduler.schedule(Promise.resolve(), id);
            atWork--;
            yield say(`end ${id}`);
            if (fails) throw new Error(id);
            done.add(id);
            return `out ${id}`;
          },
        });
        const { said, result } = await scheduler.waitFor(collect(work));
        expect([...result.keys()].sort()).toEqual(nodes.map(({ id }) => id).sort());
        for (const { id, needs, fails } of nodes) {
          const status = (result.get(id) as Outcome<string>).status;
          const isBlocked = needs.some((need) => result.get(need)!.status !== 'done');
          expect(status).toBe(isBlocked ? 'skipped' : fails ? 'failed' : 'done');
          expect(said.filter((text) => text.endsWith(` ${id}`))).toEqual(
            isBlocked ? [`skip ${id}`] : [`start ${id}`, `end ${id}`],
          );
        }
      },
    ),
  );
});

test('a reader that stops reading stops the tasks', async () => {
  let isStopped = false;
  const nodes: TaskNode[] = [{ id: 'a', needs: [] }];
  const work = schedule<TaskNode, string>(nodes, {
    limit: 1,
    skip: ({ id }) => say(id),
    run: async function* () {
      try {
        yield say('one');
        yield say('two');
        return '';
      } finally {
        isStopped = true;
      }
    },
  });
  for await (const _ of work) break;
  await expect.poll(() => isStopped).toBe(true);
});

test('a task goes on only once what it said was read, so a slow reader holds it back', async () => {
  const did: string[] = [];
  const nodes: TaskNode[] = [{ id: 'a', needs: [] }];
  const work = schedule<TaskNode, string>(nodes, {
    limit: 1,
    skip: ({ id }) => say(id),
    run: async function* () {
      yield say('one');
      did.push('after one');
      yield say('two');
      did.push('after two');
      return '';
    },
  });
  await work.next();
  await new Promise((resolve) => setImmediate(resolve));
  expect(did).toEqual([]);
  await work.next();
  await new Promise((resolve) => setImmediate(resolve));
  expect(did).toEqual(['after one']);
  await work.next();
  expect(did).toEqual(['after one', 'after two']);
});

test('a task is said to be skipped after the last word of the task that it is skipped for', async () => {
  const nodes: TaskNode[] = [
    { id: 'a', needs: [] },
    { id: 'b', needs: ['a'] },
  ];
  const work = schedule<TaskNode, string>(nodes, {
    limit: 2,
    skip: ({ id }) => say(`skip ${id}`),
    run: async function* ({ id }): Work<string> {
      yield say(`start ${id}`);
      yield say(`end ${id}`);
      throw new Error(id);
    },
  });
  const said: string[] = [];
  for await (const { body } of work) {
    if (body.type === 'output.rejected') said.push(body.text);
    await new Promise((resolve) => setImmediate(resolve)); // all that can happen meanwhile has happened
  }
  expect(said).toEqual(['start a', 'end a', 'skip b']);
});

test.each([
  [[{ id: 'a', needs: ['b'] }], 'graph/unknown-task'],
  [
    [
      { id: 'a', needs: [] },
      { id: 'a', needs: [] },
    ],
    'graph/duplicate-task',
  ],
  [
    [
      { id: 'a', needs: ['b'] },
      { id: 'b', needs: ['a'] },
    ],
    'graph/cycle',
  ],
] as const)('a graph that cannot run is refused: %j', (nodes, code) => {
  expect(() => sortGraph<TaskNode>(nodes)).toThrow(expect.objectContaining({ code }) as Error);
});

test('a graph is ordered by its needs, and otherwise as declared', () => {
  const nodes = [
    { id: 'c', needs: ['a'] },
    { id: 'b', needs: [] },
    { id: 'a', needs: [] },
  ];
  expect(sortGraph(nodes).map(({ id }) => id)).toEqual(['b', 'a', 'c']);
});
