import { expect, test } from 'vitest';
import type { Attempt, Reservation } from '../ports/meter.ts';
import { NO_USAGE, type Usage } from '../protocol/usage.ts';
import { Ledger } from './ledger.ts';

function ledgerOf() {
  const ledger = new Ledger('run');
  const reserve = (given: Attempt) => ledger.reserve(given, new AbortController().signal) as Reservation; // no limits: at once
  return { ledger, reserve };
}

const attempt = (callId: string, number = 1, task = 'research') => ({
  callId,
  attempt: number,
  model: 'openai/x',
  task,
  agent: 'Researcher',
  estimate: () => ({ tokens: 0, costNanoUsd: 0 }),
});
const usage = (inputTokens: number, outputTokens: number): Usage => ({
  ...NO_USAGE,
  inputTokens,
  outputTokens,
});
const settled = (tokens: Usage, costNanoUsd: number | null) =>
  ({ status: 'succeeded', usage: tokens, source: 'provider', costNanoUsd }) as const;

test('an attempt has one entry, however often it is settled', () => {
  const { ledger, reserve } = ledgerOf();
  const reservation = reserve(attempt('a'));
  expect(ledger.open).toBe(1);
  reservation.settle(settled(usage(1, 2), 5));
  reservation.settle(settled(usage(100, 200), 500));
  expect(ledger.entries).toHaveLength(1);
  expect(ledger.open).toBe(0);
  expect(ledger.report()).toMatchObject({
    calls: 1,
    attempts: 1,
    inputTokens: 1,
    outputTokens: 2,
    costUsd: 5e-9,
  });
});

test('attempts of one call are one call, and totals by task add up to the whole', () => {
  const { ledger, reserve } = ledgerOf();
  reserve(attempt('a', 1)).settle({ status: 'failed', usage: NO_USAGE, source: 'none', costNanoUsd: 0 });
  reserve(attempt('a', 2)).settle(settled(usage(10, 1), 7));
  reserve(attempt('b', 1, 'report')).settle(settled(usage(20, 2), 9));
  const report = ledger.report();
  expect(report).toMatchObject({ calls: 2, attempts: 3, inputTokens: 30, totalTokens: 33, costUsd: 16e-9 });
  expect(report.byTask.research).toMatchObject({ calls: 1, attempts: 2, inputTokens: 10 });
  expect(report.byTask.report).toMatchObject({ calls: 1, attempts: 1, inputTokens: 20 });
});

test('a call that two models were asked for is one call, and one of each of them', () => {
  const { ledger, reserve } = ledgerOf();
  reserve(attempt('a', 1)).settle({ status: 'failed', usage: NO_USAGE, source: 'none', costNanoUsd: 0 });
  reserve({ ...attempt('a', 2), model: 'openai/y' }).settle(settled(usage(10, 1), 7));
  reserve({ ...attempt('a', 3), model: 'openai/y' }).settle(settled(usage(10, 1), 7));
  const report = ledger.report();
  expect(report).toMatchObject({ calls: 1, attempts: 3 });
  expect(report.byModel).toMatchObject({
    'openai/x': { calls: 1, attempts: 1 },
    'openai/y': { calls: 1, attempts: 2 },
  });
});

test('one attempt without a known price makes the cost unknown, never smaller', () => {
  const { ledger, reserve } = ledgerOf();
  reserve(attempt('a')).settle(settled(usage(10, 1), 7));
  reserve(attempt('b')).settle(settled(usage(10, 1), null));
  expect(ledger.report().costUsd).toBeNull();
});
