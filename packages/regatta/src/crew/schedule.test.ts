import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventDraft, Span, Work } from '../ports/span.ts';
import { sortGraph, type TaskNode } from './graph.ts';
import { schedule } from './schedule.ts';

const span: Span = { id: 'run', parentId: null, task: null, agent: null, scope: [] };
const say = (text: string): EventDraft => ({
  span,
  body: { type: 'output.rejected', text, problems: '' },
});
const onFailure = () => 'go-on' as const;

async function collect<T>(work: Work<T>): Promise<{ said: string[]; result: T }> {
  const said: string[] = [];
  while (true) {
    const next = await work.next();
    if (next.done) return { said, result: next.value };
    if (next.value.body.type === 'output.rejected') said.push(next.value.body.text);
  }
}

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
        model.settle();
        const work = schedule<Node, string>(nodes, {
          limit,
          onFailure: () => (stops ? 'stop' : 'go-on'),
          skip: ({ id }, because, reason) => say(`skip ${id} ${reason} ${because}`),
          run: async function* (node, outputs) {
            const { id, needs, fails } = node;
            atWork.add(id);
            expect(model.atWork).toContain(id);
            expect(needs.map((need) => outputs.get(need))).toEqual(needs.map((need) => `out ${need}`));
            yield say(`start ${id}`);
            await scheduler.schedule(Promise.resolve(), id);
            // All that may be at work is: nobody waits for a task that it does not need.
            expect([...atWork].sort()).toEqual([...model.atWork].sort());
            yield say(`end ${id}`);
            atWork.delete(id);
            model.complete(node);
            if (fails) throw new Error(id);
            return `out ${id}`;
          },
        });
        const { said, result } = await scheduler.waitFor(collect(work));
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

test('a reader that stops reading stops the tasks', async () => {
  let isStopped = false;
  const nodes: TaskNode[] = [{ id: 'a', needs: [] }];
  const work = schedule<TaskNode, string>(nodes, {
    limit: 1,
    onFailure,
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
    onFailure,
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
    onFailure,
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
