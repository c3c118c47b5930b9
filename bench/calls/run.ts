/**
 * What a single model call costs: `npm run bench:calls [-- options]`. CPU of the process per call, 64 at
 * once. Prints a table and writes `results/calls.json`.
 *
 * --quick       one short round: whether it works, not how fast it is. Writes `results/calls.local.json`
 * --rounds <n>  rounds, each with every contestant; 3 without it
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { prepare } from '../installed.ts';
import { canPin } from '../processes.ts';
import { roundsOf } from '../rounds.ts';
import type { CallMeasurement } from './call.ts';
import type { CallTask } from './child.ts';
import { ENTRIES } from './contestants.ts';
import { type CallRecord, countDisturbed, summarise, toMarkdown } from './report.ts';

const SERVER_CORE = 0;
const CONTESTANT_CORE = 1;
const MAX_RUN_MS = 240_000;
const FULL = { concurrency: 64, warmUpCalls: 8_000, calls: 20_000 };
const QUICK = { concurrency: 64, warmUpCalls: 300, calls: 600 };

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, rounds: { type: 'string' } },
  });
  const rounds = roundsOf(values);
  const load = values.quick ? QUICK : FULL;
  const isPinned = canPin();
  if (!isPinned) console.log('Processes are not pinned here: there is no taskset, or only one core.\n');
  const contestants = ENTRIES.flatMap((entry) => {
    const module = prepare(entry);
    return module === null ? [] : [{ name: entry.name, module }];
  });
  const records: CallRecord[] = [];
  for (let round = 0; round < rounds; round++) {
    const first = round % contestants.length;
    for (const { name, module } of [...contestants.slice(first), ...contestants.slice(0, first)]) {
      const measurement = await measure({ ...load, module }, isPinned);
      records.push({ contestant: name, round, measurement });
      console.log(`${round + 1}/${rounds} ${name}: ${measurement.cpuMsPerCall.toFixed(3)} ms`);
    }
  }
  const rows = summarise(
    records,
    ENTRIES.map(({ name }) => name),
  );
  console.log(`\n${toMarkdown(rows)}`);
  const disturbed = countDisturbed(records);
  if (disturbed > 0) console.log(`${disturbed} of ${records.length} runs had other processes on their core.`);
  const results = new URL('../results/', import.meta.url);
  mkdirSync(results, { recursive: true });
  const latest = { when: new Date().toISOString(), node: process.version, isPinned, load, rows, records };
  const file = values.quick ? 'calls.local.json' : 'calls.json';
  writeFileSync(new URL(file, results), `${JSON.stringify(latest, null, 2)}\n`);
}

/** A contestant's new process against a new server on the other core. */
async function measure(task: Omit<CallTask, 'origin' | 'core'>, isPinned: boolean): Promise<CallMeasurement> {
  const server = start(isPinned ? SERVER_CORE : null, ['../mock-model.ts']);
  try {
    const origin = await firstLine(server);
    const core = isPinned ? CONTESTANT_CORE : null;
    const whole: CallTask = { ...task, origin, core };
    const child = start(core, ['--expose-gc', 'child.ts', JSON.stringify(whole)]);
    return JSON.parse(await lastLine(child)) as CallMeasurement; // what child.ts prints
  } finally {
    server.kill();
  }
}

/** No proxy stands between contestant and server, and no options of the caller change them. */
function start(core: number | null, args: readonly string[]): ChildProcess {
  const unwanted = /^(https?_proxy|all_proxy|no_proxy|node_options|node_use_env_proxy)$/i;
  const kept = Object.entries(process.env).filter(([name]) => !unwanted.test(name));
  const pin = core === null ? [] : ['taskset', '-c', String(core)];
  const [command = process.execPath, ...rest] = [...pin, process.execPath, ...args];
  return spawn(command, rest, {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    env: { ...Object.fromEntries(kept), NODE_ENV: 'production' },
    stdio: ['pipe', 'pipe', 'inherit'], // the server ends with its input, the contestant does not read it
    timeout: MAX_RUN_MS,
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  return await new Promise((resolve, reject) => {
    let text = '';
    child.stdout?.on('data', (piece: Buffer) => {
      text += piece;
      if (text.includes('\n')) resolve(text.split('\n', 1)[0] ?? '');
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`The model server ended with ${code}.`)));
  });
}

async function lastLine(child: ChildProcess): Promise<string> {
  let text = '';
  child.stdout?.on('data', (piece: Buffer) => {
    text += piece;
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve(status ?? signal));
  });
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  if (code !== 0 || line === '') throw new Error(`A contestant ended with ${code}.`);
  return line;
}

await main();
