import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createGate } from '../testing/index.ts';
import { sortGraph, type TaskNode } from './graph.ts';
import { schedule } from './schedule.ts';

const onFailure = () => 'go-on' as const;

interface Node extends TaskNode {
  readonly fails: boolean;
}

/** Random graphs: each node may need any of those before it. */
const graphs = fc
  .array(fc.record({ needs: fc.array(fc.nat(), { maxLength: 3 }), fails: fc.boolean() }), {
    minLength: 1,
    maxLength: 8,
  })
  .map((nodes): readonly Node[] =>
    nodes.map(({ needs, fails }, index) => ({
      id: `t${index}`,
      fails: fails && index % 3 === 1,
      needs: index === 0 ? [] : [...new Set(needs.map((need) => `t${need % index}`))],
    })),
  );

/**
 * What must happen, told by a bystander that hears of each completion, and knows nothing of queues: by
 * the rules alone it says who may be at work now, and who will never be.
 */
class Reference {
  readonly ended = new Map<string, 'done' | 'failed' | 'skipped'>();
  readonly atWork = new Set<string>();
  readonly #nodes: readonly Node[];
  readonly #limit: number;
  readonly #stops: boolean;
  #isStopped = false;

  constructor(nodes: readonly Node[], limit: number, stops: boolean) {
    this.#nodes = nodes;
    this.#limit = limit;
    this.#stops = stops;
  }

  /** Goes on until no rule applies. */
  settle(): void {
    for (let changed = true; changed; ) {
      changed = false;
      for (const { id, needs } of this.#nodes) {
        if (this.ended.has(id) || this.atWork.has(id)) continue;
        const isLost = needs.some((need) => ['failed', 'skipped'].includes(this.ended.get(need) ?? ''));
        if (isLost || this.#isStopped) this.ended.set(id, 'skipped');
        else if (needs.every((need) => this.ended.get(need) === 'done') && this.atWork.size < this.#limit) {
          this.atWork.add(id);
        } else continue;
        changed = true;
      }
    }
  }

  complete({ id, fails }: Node): void {
    this.atWork.delete(id);
    this.ended.set(id, fails ? 'failed' : 'done');
    if (fails && this.#stops) this.#isStopped = true;
    this.settle();
  }
}

test('any graph, any order of completion, any limit, under both policies: as the reference model says, step by step', async () => {
  await fc.assert(
    fc.asyncProperty(
      graphs,
      fc.scheduler(),
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
      async (nodes, scheduler, limit, stops) => {
        const model = new Reference(nodes, limit, stops);
        const atWork = new Set<string>();
        const said: string[] = [];
        model.settle();
        const work = schedule<Node, string>(nodes, {
          limit,
          onFailure: () => (stops ? 'stop' : 'go-on'),
          skip: async ({ id }, because, reason) => said.push(`skip ${id} ${reason} ${because}`),
          run: async (node, outputs) => {
            const { id, needs, fails } = node;
            atWork.add(id);
            expect(model.atWork).toContain(id);
            expect(needs.map((need) => outputs.get(need))).toEqual(needs.map((need) => `out ${need}`));
            said.push(`start ${id}`);
            await scheduler.schedule(Promise.resolve(), id);
            // All that may be at work is: nobody waits for a task that it does not need.
            expect([...atWork].sort()).toEqual([...model.atWork].sort());
            said.push(`end ${id}`);
            atWork.delete(id);
            model.complete(node);
            if (fails) throw new Error(id);
            return `out ${id}`;
          },
        });
        const result = await scheduler.waitFor(work);
        expect(Object.fromEntries(Array.from(result, ([id, { status }]) => [id, status]))).toEqual(
          Object.fromEntries(model.ended),
        );
        for (const { id, needs } of nodes) {
          const about = said.filter((text) => text.split(' ')[1] === id);
          const outcome = result.get(id)!;
          if (outcome.status !== 'skipped') {
            expect(about).toEqual([`start ${id}`, `end ${id}`]);
            continue;
          }
          const { because } = outcome;
          const reason = needs.includes(because) ? 'need' : 'failure';
          expect(about).toEqual([`skip ${id} ${reason} ${because}`]);
          expect(result.get(because)!.status).not.toBe('done');
        }
      },
    ),
  );
});

test('it is over once all is said, also what is said of tasks that never start', async () => {
  const gate = createGate();
  const nodes: TaskNode[] = [
    { id: 'a', needs: [] },
    { id: 'b', needs: ['a'] },
  ];
  let isOver = false;
  const work = schedule<TaskNode, string>(nodes, {
    limit: 1,
    onFailure,
    skip: () => gate.pass(),
    run: () => Promise.reject(new Error('a')),
  }).then(() => {
    isOver = true;
  });
  await gate.reached;
  await new Promise((resolve) => setImmediate(resolve));
  expect(isOver).toBe(false);
  gate.open();
  await work;
});

test('a task is said to be skipped after the last word of the task that it is skipped for', async () => {
  const nodes: TaskNode[] = [
    { id: 'a', needs: [] },
    { id: 'b', needs: ['a'] },
  ];
  const said: string[] = [];
  await schedule<TaskNode, string>(nodes, {
    limit: 2,
    onFailure,
    skip: async ({ id }) => said.push(`skip ${id}`),
    run: async ({ id }): Promise<string> => {
      said.push(`start ${id}`);
      await new Promise((resolve) => setImmediate(resolve)); // all that can happen meanwhile has happened
      said.push(`end ${id}`);
      throw new Error(id);
    },
  });
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
