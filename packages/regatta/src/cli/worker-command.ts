/** `regatta worker`: does runs until it is told to stop, then lets those under way end. */
import { resolve } from 'node:path';
import { createWorker, type WorkerOptions } from '../hosts/dbos/index.ts';
import { isRegattaError } from '../index.ts';
import { EXIT_FAILED, EXIT_USAGE, formatError, toErrorData } from './failure.ts';
import { badOption } from './inputs.ts';

export interface WorkerCommandOptions {
  readonly database?: string;
  readonly module?: readonly string[];
  readonly queue?: readonly string[];
  readonly concurrency?: string;
  readonly release?: string;
  readonly schema?: string;
  readonly failoverMs?: string;
  readonly drainMs?: string;
  readonly port?: string;
}

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Gives the exit code: 0 once it was told to stop and has stopped. */
export async function workerCommand(options: WorkerCommandOptions): Promise<number> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    const worker = await createWorker({ ...toWorkerOptions(options), onLog: say });
    const port = worker.port === null ? '' : `; health and metrics on port ${worker.port}`;
    say(`worker ${worker.id} takes runs${port}`);
    const signal = await nextSignal();
    say(`${signal}: no more runs are taken, ${worker.running} under way. Send it again to quit at once.`);
    void nextSignal().then(() => process.exit(EXIT_FAILED)); // what is left goes on at another worker
    await worker.close(
      options.drainMs === undefined ? {} : { timeoutMs: toNumber('--drain-ms', options.drainMs) },
    );
    return 0;
  } catch (error) {
    say(formatError(toErrorData(error)));
    return isRegattaError(error, 'cli/bad-option') || isRegattaError(error, 'definition/invalid')
      ? EXIT_USAGE
      : EXIT_FAILED;
  }
}

async function nextSignal(): Promise<string> {
  return await new Promise<string>((got) => {
    for (const signal of SIGNALS) process.once(signal, () => got(signal));
  });
}

function toWorkerOptions(options: WorkerCommandOptions): WorkerOptions {
  const {
    database = process.env.REGATTA_DATABASE_URL,
    queue: queues = ['default'],
    schema,
    release,
  } = options;
  if (database === undefined) {
    throw badOption(
      '--database',
      '',
      'A worker needs a database. Give --database, or set REGATTA_DATABASE_URL.',
    );
  }
  const { concurrency, failoverMs, port } = options;
  const workerConcurrency = concurrency === undefined ? undefined : toNumber('--concurrency', concurrency);
  return {
    connectionString: database,
    modules: Object.fromEntries((options.module ?? []).map(toModule)),
    queues,
    runtime: { env: process.env },
    ...(workerConcurrency === undefined
      ? {}
      : { limits: Object.fromEntries(queues.map((queue) => [queue, { workerConcurrency }])) }),
    ...(schema === undefined ? {} : { schema }),
    ...(release === undefined ? {} : { version: release }),
    ...(failoverMs === undefined ? {} : { failoverMs: toNumber('--failover-ms', failoverMs) }),
    ...(port === undefined ? {} : { port: toNumber('--port', port) }),
  };
}

function toModule(given: string): readonly [name: string, path: string] {
  const at = given.indexOf('=');
  if (at < 1 || at === given.length - 1)
    throw badOption('--module', given, `--module must be NAME=PATH, got "${given}". Correct it.`);
  const path = given.slice(at + 1);
  return [given.slice(0, at), path.includes('://') ? path : resolve(path)];
}

function toNumber(option: string, value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && Number.isSafeInteger(number)) return number;
  throw badOption(
    option,
    value,
    `${option} must be a whole number, got "${value}". Correct it or leave it out.`,
  );
}
