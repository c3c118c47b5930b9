import { getEventListeners } from 'node:events';
import { createRuntime, isRegattaError, type Run } from 'regatta';
import { checkTrace } from 'regatta/testing';
import { expect, onTestFinished, test } from 'vitest';
import { report } from './report.ts';
import { steadyCrew } from './steady-crew.ts';

const RUNS = 1000;
const crew = steadyCrew(4, { delayMs: () => Math.random() * 10 });
const stuck = steadyCrew(1, { delayMs: () => 60_000 });

/** Warnings of this process, while a test runs. */
function collectWarnings(): readonly Error[] {
  const warnings: Error[] = [];
  const collect = (warning: Error): void => void warnings.push(warning);
  process.on('warning', collect);
  onTestFinished(() => void process.off('warning', collect));
  return warnings;
}

function start(of: typeof crew, signal: AbortSignal): readonly Run<unknown>[] {
  const runtime = createRuntime();
  return Array.from({ length: RUNS }, () => runtime.start(of, { inputs: { marker: 'x' }, signal }));
}

test('D25: runs on one signal hold one listener each while they run, and none after', async (context) => {
  const warnings = collectWarnings();
  const { signal } = new AbortController();
  const runs = start(crew, signal);
  const during = getEventListeners(signal, 'abort').length;
  await Promise.all(runs.map(({ result }) => result));
  const after = getEventListeners(signal, 'abort').length;
  report(context, { runs: RUNS, 'listeners during': during, after, warnings: warnings.length });
  expect(during).toBe(RUNS);
  expect(after).toBe(0);
  expect(warnings).toEqual([]);
});

test('D25: a signal ends every run that is on it, and then holds none of them', async (context) => {
  const warnings = collectWarnings();
  const controller = new AbortController();
  const { signal } = controller;
  const runs = start(stuck, signal);
  await new Promise(setImmediate);
  controller.abort(new Error('the storm'));
  const outcomes = await Promise.all(runs.map(({ result }) => result.catch((error: unknown) => error)));
  const cancelled = outcomes.filter((error) => isRegattaError(error, 'run/cancelled')).length;
  const findings: string[] = [];
  for (const run of runs) {
    const events = await Array.fromAsync(run.events());
    findings.push(...checkTrace(events, { ledger: run.ledger, audit: await run.flush() }));
  }
  const after = getEventListeners(signal, 'abort').length;
  report(context, { runs: RUNS, cancelled, 'listeners after': after, warnings: warnings.length });
  expect(findings).toEqual([]);
  expect({ cancelled, after }).toEqual({ cancelled: RUNS, after: 0 });
  expect(warnings).toEqual([]);
});
