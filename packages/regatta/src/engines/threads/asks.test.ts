/** What a thread asks of its host: turns, money, guards and records are the host's, and nothing of them stays open. */
import { expect, test } from 'vitest';
import { createCore } from '../../api/core.ts';
import { type CallContext, createRuntime, guard, type RunContext } from '../../index.ts';
import type { Meter, Settlement } from '../../ports/meter.ts';
import { createGate, createManualClock } from '../../testing/index.ts';
import { expectClosed, expectEmpty, openPool } from './fixtures/runs.fixture.ts';
import * as trouble from './fixtures/trouble.fixture.ts';
import { HostCalls } from './host-calls.ts';
import type { Ask, Outcome } from './wire.ts';
import { toWireError } from './wire-error.ts';

const reason = toWireError(new Error('Nobody waits.'));

test('a call that runs out of time while it waits for its turn leaves the queue, and the next one gets it', async () => {
  await using open = openPool();
  const clock = createManualClock();
  const core = createCore({ engine: open.engine, clock, limits: { requestsPerMinute: 1 } });
  const runtime = { core };
  await trouble.hurries.kickoff({ runtime });
  const late = trouble.hurries.start({ runtime });
  await expect(late.result).rejects.toMatchObject({ code: 'agent/timeout' });
  await expectClosed(late);
  expect(late.ledger).toEqual([]);
  await expect.poll(() => clock.timers).toBe(0); // it waits no more
  await clock.advance(60_000);
  expect((await trouble.hurries.kickoff({ runtime })).text).toBe('quick');
  await expectEmpty(open);
});

test('the budget of a runtime holds for runs on all its threads together', async () => {
  await using open = openPool({ size: 2 });
  const runtime = createRuntime({ engine: open.engine, budget: { calls: 5 } });
  const runs = Array.from({ length: 8 }, () => runtime.start(trouble.quick));
  const outcomes = await Promise.allSettled(runs.map(({ result }) => result));
  const codes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []));
  expect(new Set(codes)).toEqual(new Set(['budget/exceeded']));
  expect(runs.reduce((sum, { ledger }) => sum + ledger.length, 0)).toBe(5);
  for (const run of runs) await expectClosed(run);
});

test('a guard decides while its thread waits, and a lost thread leaves no guard waited for', async () => {
  await using open = openPool();
  const gate = createGate();
  const signals: AbortSignal[] = [];
  const slow = guard('tool.before', async (_subject, { signal }) => {
    signals.push(signal);
    await gate.pass();
    return undefined;
  });
  const run = open.runtime.start(trouble.quick, { callbacks: [slow] });
  await gate.reached;
  await open.pool.threads[0]?.terminate();
  await expect(run.result).rejects.toMatchObject({ code: 'run/worker-lost' });
  expect(signals[0]?.aborted).toBe(true);
  await expectClosed(run);
  gate.open();
});

/** A host's side without a thread: answers are kept, and the ledger is a list. */
function openCalls(reserve: (settle: (settlement: Settlement) => void) => ReturnType<Meter['reserve']>) {
  const settled: Settlement[] = [];
  const answers: Outcome[] = [];
  const meter = { reserve: () => reserve((settlement) => settled.push(settlement)) };
  const { signal } = new AbortController();
  const context = {
    signal,
    meter,
    withSignal: (inner: AbortSignal): Partial<CallContext> => ({ ...context, signal: inner }),
  } as unknown as RunContext; // as much of one as a reservation takes
  const calls = new HostCalls({
    answer: (_call, outcome) => answers.push(outcome),
    work: () => undefined,
    told: () => Promise.resolve(),
  });
  const attempt = { callId: 'c', attempt: 1, model: 'm', task: null, agent: null };
  const ask: Ask = { kind: 'reserve', attempt, estimate: { tokens: 7, costNanoUsd: 70 } };
  return { calls, context, ask, settled, answers };
}

test('whatever ends a reservation first, and whenever, it is settled once', async () => {
  const gate = createGate();
  const waiting = openCalls(async (settle) => {
    await gate.pass();
    return { settle };
  });
  const answered = waiting.calls.answer(1, waiting.ask, waiting.context);
  waiting.calls.receive({ type: 'abandon', runId: 'r', call: 1, reason });
  gate.open();
  await answered;
  expect(waiting.settled).toMatchObject([{ status: 'aborted', source: 'none', costNanoUsd: 0 }]);
  expect(waiting.answers).toMatchObject([{ status: 'failed' }]);

  const late = openCalls((settle) => ({ settle }));
  await late.calls.answer(1, late.ask, late.context);
  late.calls.receive({ type: 'abandon', runId: 'r', call: 1, reason }); // the answer was on its way
  late.calls.close(new Error('over'));
  expect(late.settled).toMatchObject([{ status: 'aborted', source: 'none' }]);

  const open = openCalls((settle) => ({ settle }));
  await open.calls.answer(1, open.ask, open.context);
  open.calls.close(new Error('over'));
  expect(open.settled).toMatchObject([
    { status: 'aborted', source: 'estimated', usage: { inputTokens: 7 }, costNanoUsd: 70 },
  ]);
});
