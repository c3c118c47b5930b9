import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRuntime, type Engine, LLM, type RunEvent } from '../index.ts';
import { checkTrace, createGate, scriptedModel } from '../testing/index.ts';
import { eventsOf, hop, inputsOf, markedCrew, Tracer } from '../testing/marked.fixture.ts';
import { overhear } from './overhear.fixture.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const FINISHERS = ['complete', 'cancel', 'timeout', 'error', 'signal'] as const;
type Finisher = (typeof FINISHERS)[number];

/** Every order of three of the finishers. */
function ordersOfThree(): readonly (readonly Finisher[])[] {
  return FINISHERS.flatMap((first) =>
    FINISHERS.flatMap((second) => FINISHERS.map((third) => [first, second, third] as const)),
  ).filter((order) => new Set(order).size === 3);
}

/** Events of one noun's end. */
function endsOf(events: readonly { readonly type: string }[], noun: string): number {
  return events.filter(({ type }) => type === `${noun}.end`).length;
}

/** One model call that `order` ends, each finisher `hops` microtasks after the one before it. */
async function finish(order: readonly Finisher[], hops: number) {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const called = createGate();
  const llm = new LLM({
    model: scriptedModel([
      () => {
        void called.pass();
        return promise;
      },
    ]),
    timeoutMs: 1000,
    retry: { maxAttempts: 1 },
  });
  const controller = new AbortController();
  const [one, other] = [new Tracer('MARK-0'), new Tracer('MARK-0')];
  const run = markedCrew([], { llm }).start({
    inputs: inputsOf(0),
    signal: controller.signal,
    callbacks: [(event) => one.onEvent(event), async (event) => other.onEvent(event)],
  });
  await called.reached;
  const act: Record<Finisher, () => unknown> = {
    complete: () => resolve('done'),
    cancel: () => run.cancel('enough'),
    timeout: () => vi.advanceTimersByTime(1000),
    error: () => reject(new Error('broken')),
    signal: () => controller.abort(new Error('gone')),
  };
  for (const finisher of order) {
    act[finisher]();
    await hop(hops);
  }
  const outcome = await run.result.then(
    () => 'succeeded',
    ({ code }: { readonly code: string }) => code,
  );
  const audit = await run.flush();
  return { run, one, other, outcome, audit };
}

test('whoever finishes first, a call and its run have one end, the same for all observers and the ledger (D02, R08)', async () => {
  const statuses = new Set<string>();
  for (const order of ordersOfThree()) {
    for (const hops of [0, 1, 2, 3, 5, 8, 13]) {
      const { run, one, other, outcome, audit } = await finish(order, hops);
      const schedule = `${order.join(', ')}, ${hops} hops apart`;
      const events = await eventsOf(run);
      for (const noun of ['model', 'agent', 'task', 'run']) expect(endsOf(events, noun), schedule).toBe(1);
      expect(checkTrace(events, { ledger: run.ledger, audit }), schedule).toEqual([]);
      expect(one.heard, schedule).toEqual(events);
      expect(other.heard, schedule).toEqual(events);
      expect(run.ledger, schedule).toHaveLength(1);
      const end = events.at(-1) as RunEvent & { readonly type: 'run.end' };
      expect(end.error?.code ?? end.status, schedule).toBe(outcome);
      expect(run.status, schedule).toBe(end.status);
      statuses.add(outcome);
    }
  }
  expect([...statuses].sort()).toEqual(['model/timeout', 'run/cancelled', 'run/failed', 'succeeded']);
});

/** An engine that passes on what the work tells until it has told `last`, and is lost then. */
function losing(last: RunEvent['type'], { rebuilds }: { readonly rebuilds: boolean }): Engine {
  return {
    name: 'lost',
    async execute(job, context) {
      const loss = Promise.withResolvers<never>();
      const heard = overhear(context, ({ span, body }) => {
        // As an engine does whose drafts come from another thread or machine.
        const at = rebuilds ? context.adopt({ ...span }, span.scope) : context.adopt(span, span.scope);
        const told = at.tell(rebuilds ? structuredClone(body) : body);
        if (body.type !== last) return told;
        loss.reject(new Error('the worker is gone'));
        return new Promise(() => undefined); // nothing comes of it any more
      });
      return await Promise.race([job.start(heard), loss.promise]);
    },
  };
}

test.each([false, true])(
  'an engine that is lost in the middle leaves no start without its one end; rebuilt drafts: %s (R62)',
  async (rebuilds) => {
    const types: RunEvent['type'][] = ['task.start', 'agent.start', 'model.start', 'model.end', 'agent.end'];
    for (const last of types) {
      const tracer = new Tracer('MARK-0');
      const run = createRuntime({ engine: losing(last, { rebuilds }) }).start(markedCrew(['ok']), {
        inputs: inputsOf(0),
        callbacks: [tracer],
      });
      await expect(run.result).rejects.toThrow('the worker is gone');
      await run.flush();
      expect(checkTrace(tracer.heard), last).toEqual([]);
      expect(tracer.heard.at(-1)).toMatchObject({ type: 'run.end', status: 'failed' });
    }
  },
);

test('what an engine tells when the run has ended is heard by nobody, and counted (R62)', async () => {
  const late = Promise.withResolvers<() => void>();
  const engine: Engine = {
    name: 'late',
    execute: (job, context) => {
      late.resolve(() => void context.tell({ type: 'output.rejected', text: 'late', problems: '' }));
      return job.start(context);
    },
  };
  const tracer = new Tracer('MARK-0');
  const run = createRuntime({ engine }).start(markedCrew(['ok']), {
    inputs: inputsOf(0),
    callbacks: [tracer],
  });
  await run.result;
  (await late.promise)();
  const audit = await run.flush();
  expect(tracer.heard.at(-1)).toMatchObject({ type: 'run.end', status: 'succeeded' });
  expect((await eventsOf(run)).at(-1)).toMatchObject({ type: 'run.end' });
  expect(audit).toMatchObject({ late: 1, emitted: tracer.heard.length });
});
