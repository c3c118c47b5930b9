/** Thousands of runs at once, each with a tracer of its own, all of one class, and one callback for all. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, Crew, createRuntime, defineTool, type RunEvent, Task } from 'regatta';
import { checkTrace } from 'regatta/testing';
import { quickModel, turnsOf } from './quick-model.ts';
import { childOptions } from './run-child.ts';
import { Tracer } from './tracer.ts';

export interface ManyRunsOptions {
  readonly runs: number;
  /** Plants the fault of a process-global list with one live callback per class: the newest hears all. */
  readonly isPlanted?: boolean;
}

export interface ManyRuns {
  readonly runs: number;
  readonly events: number;
  readonly foreign: number;
  readonly disordered: number;
  readonly lost: number;
  /** Sum over the audits, with every sign made positive. */
  readonly balance: number;
  /** Handlings that threw, by the audits and by the runtime's `onCallbackError`. */
  readonly failed: readonly [audits: number, reported: number];
  readonly findings: readonly string[];
  readonly ms: number;
  readonly rssGrowthMb: number;
  /** What a finished run keeps as long as its user holds it: its events, its ledger, its output. */
  readonly heldKbPerRun: number;
}

const CALLS = 5;
const THROWING = 0.05;
const MAX_DELAY_MS = 20;
/** More than the microtasks between two events of a run, so that some lane is at every place in between. */
const HOPS = 41;

const tick = defineTool({
  name: 'tick',
  description: 'Does next to nothing, now or a little later.',
  input: { type: 'object', properties: {} },
  execute: async () => {
    if (Math.random() < 0.5) await sleep(Math.random() * MAX_DELAY_MS);
    return 'tock';
  },
});
const model = quickModel((request) => (turnsOf(request) < CALLS - 1 ? { tool: 'tick', args: {} } : 'done'), {
  delayMs: () => Math.random() * MAX_DELAY_MS,
});
const agent = new Agent({ role: 'Timer', goal: 'Count', llm: model, tools: [tick] });
const task = new Task({ description: 'Count for {marker}', expectedOutput: 'A word', agent });
const crew = new Crew({ agents: [agent], tasks: [task] });

async function main({ runs, isPlanted = false }: ManyRunsOptions): Promise<ManyRuns> {
  let reported = 0;
  let heardByAll = 0;
  await using runtime = createRuntime({
    callbacks: [() => void heardByAll++],
    onCallbackError: () => void reported++,
  });
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const before = performance.now();
  const newest: { tracer?: Tracer } = {};
  const started = Array.from({ length: runs }, (_, index) => {
    const tracer = new Tracer(`marker-${index}-of-this-run`, {
      throws: index % (1 / THROWING) === 0,
      hops: index % HOPS,
    });
    newest.tracer = tracer;
    const callback = isPlanted ? (event: RunEvent) => newest.tracer?.onEvent(event) : tracer;
    const run = runtime.start(crew, { inputs: { marker: tracer.marker }, callbacks: [callback] });
    return { run, tracer };
  });
  await Promise.all(started.map(({ run }) => run.result));
  const audits = await Promise.all(started.map(({ run }) => run.flush()));
  const ms = performance.now() - before;
  const rssGrowthMb = (process.memoryUsage.rss() - rss) / 2 ** 20;
  globalThis.gc?.();
  const heldKbPerRun = (process.memoryUsage().heapUsed - heapUsed) / 1024 / runs;
  const findings: string[] = [];
  let [events, foreign, disordered, lost, balance, failed] = [0, 0, 0, 0, 0, 0];
  for (const [index, { run, tracer }] of started.entries()) {
    const audit = audits[index];
    if (audit === undefined) continue; // there is one for each run
    findings.push(...checkTrace(await Array.fromAsync(run.events()), { ledger: run.ledger, audit }));
    events += audit.emitted;
    foreign += tracer.foreign;
    disordered += tracer.disordered;
    lost += audit.emitted - (tracer.heard - tracer.foreign);
    balance += Math.abs(audit.balance) + audit.pending + audit.openAttempts;
    failed += audit.failed;
  }
  lost += events - heardByAll;
  const counts = { runs, events, foreign, disordered, lost, balance, failed: [failed, reported] } as const;
  return { ...counts, findings: findings.slice(0, 10), ms, rssGrowthMb, heldKbPerRun };
}

console.log(JSON.stringify(await main(childOptions())));
