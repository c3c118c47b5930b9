/** Runs one after the other, in one runtime and on one signal: what is left of each when it is over. */
import { getEventListeners } from 'node:events';
import { Agent, Crew, createRuntime, defineTool, Task } from 'regatta';
import { quickModel, turnsOf } from './quick-model.ts';
import { childOptions } from './run-child.ts';
import { Tracer } from './tracer.ts';

export interface SoakOptions {
  readonly runs: number;
  readonly warmUp: number;
  /** The heap is measured after so many runs. */
  readonly every: number;
}

/** What outlives a run if something is forgotten. */
export interface Leftovers {
  readonly signalListeners: number;
  readonly processListeners: number;
  readonly activeRuns: number;
  /** Timers, sockets, handles: what keeps the process alive, by kind. */
  readonly resources: Readonly<Record<string, number>>;
}

export interface Soak {
  readonly runs: number;
  readonly bytesPerRun: number;
  readonly samples: number;
  readonly foreign: number;
  readonly disordered: number;
  readonly unheard: number;
  readonly before: Leftovers;
  readonly after: Leftovers;
  readonly ms: number;
}

const step = defineTool({
  name: 'step',
  description: 'Does one step.',
  input: { type: 'object', properties: {} },
  execute: () => 'done',
});
const llm = quickModel((request) => (turnsOf(request) === 0 ? { tool: 'step', args: {} } : 'walked'));
const agent = new Agent({ role: 'Walker', goal: 'Walk', llm, tools: [step], maxExecutionTimeMs: 60_000 });
const task = new Task({ description: 'Walk for {marker}', expectedOutput: 'A word', agent });
const crew = new Crew({ agents: [agent], tasks: [task] });

async function main({ runs, warmUp, every }: SoakOptions): Promise<Soak> {
  const runtime = createRuntime({ callbacks: [() => undefined] });
  const { signal } = new AbortController();
  const leftovers = (): Leftovers => ({
    signalListeners: getEventListeners(signal, 'abort').length,
    processListeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    activeRuns: runtime.activeRuns,
    resources: Object.fromEntries(
      Object.entries(Object.groupBy(process.getActiveResourcesInfo(), (kind) => kind)).map(
        ([kind, found = []]) => [kind, found.length],
      ),
    ),
  });
  const before = leftovers();
  const tally = { foreign: 0, disordered: 0, unheard: 0 };
  const samples: (readonly [run: number, heapBytes: number])[] = [];
  const began = performance.now();
  for (let index = 1; index <= runs; index++) {
    const tracer = new Tracer(`marker-${index}-of-this-run`);
    const run = runtime.start(crew, { inputs: { marker: tracer.marker }, callbacks: [tracer], signal });
    await run.result;
    const { emitted } = await run.flush();
    tally.foreign += tracer.foreign;
    tally.disordered += tracer.disordered;
    tally.unheard += emitted - tracer.heard;
    if (index >= warmUp && index % every === 0) samples.push([index, await heapBytes()]);
  }
  const ms = performance.now() - began;
  await new Promise(setImmediate);
  const after = leftovers();
  await runtime.close();
  return { runs, bytesPerRun: slopeOf(samples), samples: samples.length, ...tally, before, after, ms };
}

/** After several collections, with turns of the event loop between them in which finalizers run. */
async function heapBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    globalThis.gc?.();
    await new Promise(setImmediate);
  }
  return process.memoryUsage().heapUsed;
}

/** Of the line that fits best (least squares). */
function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const rise = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return rise / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
}

console.log(JSON.stringify(await main(childOptions())));
