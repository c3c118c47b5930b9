/** Worker processes of a test, and what is wrong with the runs that they did together. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { isJsonObject } from '../../base/json.ts';
import type { Journal, JournaledSteps } from '../../ports/journal.ts';
import { readUsage } from '../../run/recorded-usage.ts';
import { postgresJournal } from '../../stores/postgres.ts';
import { startPostgres, type TestPostgres } from '../../testing/postgres.fixture.ts';
import { type DbosEngine, dbosEngine, type QueueLimits, type WorkerOptions } from './index.ts';
import type { Use } from './relay.fixture.ts';

export interface ProcessOptions extends Omit<WorkerOptions, 'connectionString'> {
  /** SIGKILL at its n-th record. */
  readonly dieAt?: number;
  readonly phase?: 'before' | 'after';
  /** SIGKILL as soon as it has kept the end of a run. */
  readonly dieAtEnd?: boolean;
  /** SIGSTOP, and a message, just before it makes a run. */
  readonly stopAtRun?: boolean;
  /** The same, in its first look for dead workers. */
  readonly stopAtReap?: boolean;
  /** SIGKILL so many milliseconds after it takes runs. */
  readonly dieAfterMs?: number;
  /** Milliseconds between answers of tools at once: below 0, the last one answers first. */
  readonly paceMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export class TestFleet {
  readonly #connectionString: string;
  /** For files of the test. */
  readonly folder: string = mkdtempSync(join(tmpdir(), 'regatta-fleet-'));
  readonly #log = join(this.folder, 'uses.jsonl');
  readonly #processes = new Set<ChildProcess>();

  constructor(connectionString: string) {
    this.#connectionString = connectionString;
    writeFileSync(this.#log, '');
  }

  /** Starts a worker, and gives its process once it takes runs. */
  async start({ paceMs = 0, env = {}, ...options }: ProcessOptions = {}): Promise<ChildProcess> {
    const file = fileURLToPath(new URL('./worker.fixture.ts', import.meta.url));
    const child = fork(file, [this.#connectionString, JSON.stringify(options)], {
      env: this.envOf({ REGATTA_TEST_PACE: String(paceMs), ...env }),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      execArgv: ['--no-deprecation'],
    });
    this.#processes.add(child);
    child.once('exit', () => this.#processes.delete(child));
    await Promise.race([once(child, 'message'), once(child, 'exit')]);
    return child;
  }

  /** Of a process whose crews write into this test's file. */
  envOf(rest: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
    return { ...process.env, REGATTA_TEST_LOG: this.#log, ...rest };
  }

  get uses(): readonly Use[] {
    return this.lines<Use>();
  }

  /** What the crews of this test wrote, in the order in which they did. */
  lines<Line>(): readonly Line[] {
    return linesOf(this.#log);
  }

  /** What is wrong with a run: of its own records, against what was asked of the outside for it. */
  check({ run, records }: JournaledSteps, mayRepeat = false): readonly string[] {
    const findings: string[] = [];
    const say = (what: string) => findings.push(`${run.runId}: ${what}`);
    if (run.status !== 'succeeded') say(`is ${run.status}: ${JSON.stringify(run.ending?.error)}`);
    const uses = this.uses.filter(({ runId }) => runId === run.runId);
    for (const { key, value } of records.slice(run.parent?.kept ?? 0)) {
      const [, place = '', kind] = /^(.*):(model|tool)$/.exec(key) ?? [];
      if (kind === undefined) continue;
      const of = uses.filter(
        ({ spanId, what }) => what === kind && spanId.slice(run.runId.length + 1) === place,
      );
      const nonces = of.map(({ nonce }) => nonce);
      const kept =
        kind === 'model' && isJsonObject(value)
          ? value.responseId
          : /<([\d.]+)>/.exec(JSON.stringify(value))?.[1];
      // A use after the record was made would be a later line.
      if (!mayRepeat && kept !== nonces.at(-1)) say(`${key} was done again after it was recorded`);
      if (!nonces.includes(String(kept))) say(`${key} has no use`);
    }
    const { entries, lost } = readUsage(run.runId, records);
    if (lost.length > 0) say('an attempt is neither settled nor lost');
    const asked = Map.groupBy(
      uses.filter(({ what }) => what === 'model'),
      ({ spanId }) => spanId,
    );
    const billed = Map.groupBy(entries, ({ callId }) => callId);
    for (const [callId, requests] of asked) {
      if (requests.length > (billed.get(callId)?.length ?? 0))
        say(`${callId} has requests that are not in the ledger`);
    }
    for (const [callId, attempts] of billed) {
      const settled = attempts.filter(({ status }) => status !== 'lost').length;
      if (settled > (asked.get(callId)?.length ?? 0)) say(`${callId} is billed more often than it was asked`);
      if (attempts.filter(({ status }) => status === 'succeeded').length === 0)
        say(`${callId} is not settled`);
    }
    const keys = records.map(({ key }) => key);
    if (new Set(keys).size !== keys.length) say('a key has two records');
    return findings;
  }

  async stop(): Promise<void> {
    const gone = Array.from(this.#processes, async (child) => {
      const exit = once(child, 'exit');
      child.kill('SIGCONT');
      child.kill('SIGKILL');
      await exit;
    });
    await Promise.all(gone);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** What processes have written into a file, a line each: the last one may be under way, and is not there yet. */
export function linesOf<Line>(file: string): readonly Line[] {
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Line);
}

export interface FleetTests {
  /** A database for one test, with what works on it and goes when the test ends; null = it is empty. */
  open(limits?: QueueLimits | null): Promise<OpenFleet>;
  server(): TestPostgres;
}

export interface OpenFleet {
  readonly fleet: TestFleet;
  readonly engine: DbosEngine;
  readonly journal: Journal;
  readonly connectionString: string;
}

/** A server for the tests of a file. */
export function fleetTests(): FleetTests {
  let server: TestPostgres;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(async () => await server.stop());
  const open = async (limits: QueueLimits | null = {}): Promise<OpenFleet> => {
    const connectionString = await server.database();
    const fleet = new TestFleet(connectionString);
    const engine = dbosEngine({ connectionString });
    const journal = postgresJournal({ connectionString });
    onTestFinished(async () => {
      await fleet.stop();
      await engine.close();
      await journal.close();
    });
    if (limits !== null) await engine.setQueue('default', { pollMs: 20, ...limits });
    return { fleet, engine, journal, connectionString };
  };
  return { open, server: () => server };
}
