/**
 * Fresh processes, each pinned to its core where the machine can: model server and contestant do not
 * share one. Without `taskset` or a second core they run wherever the system puts them.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ChildTask } from './child.ts';
import type { Measurement } from './measure.ts';

const SERVER_CORE = 0;
const CONTESTANT_CORE = 1;
const MAX_RUN_MS = 240_000;
const MAX_QUIET_WAIT_MS = 10_000;
/** Part of both cores' time that others may take before a run starts. */
const QUIET = 0.12;

/** Whether processes are pinned here. */
export function canPin(): boolean {
  return availableParallelism() >= 2 && spawnSync('taskset', ['--version']).status === 0;
}

export interface ImportRun {
  /** From the start of the process to its end. */
  readonly wallMs: number;
}

/** Runs `code`, an ES module, in a process that does nothing else. */
export function runModule(code: string, { isPinned }: { readonly isPinned: boolean }): ImportRun {
  const [command, ...args] = pin(CONTESTANT_CORE, isPinned, ['--input-type=module', '--eval', code]);
  const start = performance.now();
  const { status, stderr } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    env: cleanEnv(),
  });
  const wallMs = performance.now() - start;
  if (status !== 0) throw new Error(`A process ended with ${status}: ${stderr.slice(-1000)}`);
  return { wallMs };
}

/** Measures one contestant against a new server. */
export async function measureInChild(
  task: Omit<ChildTask, 'origin' | 'core'>,
  { isPinned }: { readonly isPinned: boolean },
): Promise<Measurement> {
  if (task.scenario.kind === 'load') await untilQuiet(); // memory does not depend on who else is there
  const server = start(SERVER_CORE, isPinned, ['mock-model.ts']);
  try {
    const origin = await firstLine(server);
    const core = isPinned ? CONTESTANT_CORE : undefined;
    const child = start(CONTESTANT_CORE, isPinned, [
      '--expose-gc',
      'child.ts',
      JSON.stringify({ ...task, origin, core } satisfies ChildTask),
    ]);
    return JSON.parse(await lastLine(child)) as Measurement; // what child.ts prints
  } finally {
    server.kill();
  }
}

const folder = fileURLToPath(new URL('.', import.meta.url));

function pin(core: number, isPinned: boolean, args: readonly string[]): [string, ...string[]] {
  return isPinned ? ['taskset', '-c', String(core), process.execPath, ...args] : [process.execPath, ...args];
}

function start(core: number, isPinned: boolean, args: readonly string[]): ChildProcess {
  const [command, ...rest] = pin(core, isPinned, args);
  return spawn(command, rest, {
    cwd: folder,
    env: cleanEnv(),
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: MAX_RUN_MS,
  });
}

/** No proxy stands between the contestants and the server, and no options of the caller change them. */
function cleanEnv(): NodeJS.ProcessEnv {
  const unwanted = /^(https?_proxy|all_proxy|no_proxy|node_options|node_use_env_proxy)$/i;
  const kept = Object.entries(process.env).filter(([name]) => !unwanted.test(name));
  return { ...Object.fromEntries(kept), NODE_ENV: 'production' };
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
  let errors = '';
  child.stdout?.on('data', (piece: Buffer) => {
    text += piece;
  });
  child.stderr?.on('data', (piece: Buffer) => {
    errors += piece;
  });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve(status ?? signal));
  });
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  if (code !== 0 || line === '') throw new Error(`A contestant ended with ${code}: ${errors.slice(-2000)}`);
  return line;
}

/** Waits until others leave the machine alone, or gives up: a run that was disturbed is marked as such. */
async function untilQuiet(): Promise<void> {
  const end = performance.now() + MAX_QUIET_WAIT_MS;
  while (performance.now() < end) {
    const before = totals();
    await sleep(300);
    const after = totals();
    if (1 - (after.idle - before.idle) / (after.all - before.all) < QUIET) return;
  }
}

function totals(): { readonly idle: number; readonly all: number } {
  let idle = 0;
  let all = 0;
  for (const { times } of cpus()) {
    idle += times.idle;
    all += times.user + times.nice + times.sys + times.irq + times.idle;
  }
  return { idle, all };
}
