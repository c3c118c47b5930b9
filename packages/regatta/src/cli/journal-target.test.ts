/** `--journal` with a PostgreSQL database: whatever a command does and prints, its password stays out. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startPostgres, type TestPostgres } from '../testing/postgres.fixture.ts';
import { fixture, runCli } from './fixtures/process.fixture.ts';
import { databaseOf, journalName } from './journal-target.ts';

vi.setConfig({ testTimeout: 120_000 }); // processes start slowly on a busy machine

const PASSWORD = 'hush/hush';
const file = fixture('asking.fixture.ts');
const folder = mkdtempSync(join(tmpdir(), 'regatta-target-'));

let server: TestPostgres;
/** With a password that has to be encoded. */
let database: string;
beforeAll(async () => {
  server = await startPostgres();
  const url = new URL(await server.database());
  const client = new pg.Client(url.href);
  await client.connect();
  await client.query(`CREATE ROLE clerk SUPERUSER LOGIN PASSWORD '${PASSWORD}'`);
  await client.end();
  url.username = 'clerk';
  url.password = encodeURIComponent(PASSWORD);
  database = url.href;
}, 60_000);
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

/** In a folder that is to stay empty: no part of a connection string is the name of a file. */
async function cli(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const done = await runCli(args, { env, cwd: folder });
  expect(done.stdout + done.stderr).not.toMatch(/hush/);
  expect(readdirSync(folder)).toEqual([]);
  return done;
}

test('a run is recorded in PostgreSQL, listed, shown, answered, resumed, forked, printed and removed', async () => {
  const journal = ['--journal', `${database}?schema=blue`];
  const env = { REGATTA_DATABASE_URL: journal[1]! };
  const first = await cli(['run', file, '-i', 'name=Ada', ...journal]);
  expect(first.code).toBe(3);
  const [, token, runId] = /regatta runs respond ((\S+?)\/\S+) /.exec(first.stdout)!;

  const listed = await cli(['runs', 'list', '--status', 'suspended'], env);
  expect(listed.stdout).toMatch(new RegExp(`^${runId} suspended clerk `));
  expect((await cli(['runs', 'list', '--journal', database])).stdout).toBe(''); // another schema
  expect((await cli(['runs', 'show', runId!], env)).stdout).toContain(`waits for: approval ${token}`);
  const answered = await cli(['runs', 'respond', token!, '{"approved":true}', ...journal]);
  expect(answered.stdout).toMatch(
    new RegExp(`regatta resume ${runId} --journal postgresql://clerk@127\\.0\\.0\\.1:\\d+/test_1\\n$`),
  );
  const resumed = await cli(['resume', runId!, '--json'], env);
  expect(JSON.parse(resumed.stdout).runs).toMatchObject([{ runId, status: 'succeeded' }]);
  const forked = await cli(['runs', 'fork', runId!, '--from', 'send/agent/turn-2:model', '--json'], env);
  expect(JSON.parse(forked.stdout).runs).toMatchObject([{ status: 'succeeded', output: { text: 'sent' } }]);
  const replayed = await cli(['runs', 'replay', runId!, '--from', 'send', '-i', 'name=Bob', '--json'], env);
  expect(JSON.parse(replayed.stdout).runs[0]).toMatchObject({ status: 'suspended' });
  const printed = await cli(['log-tasks-outputs', runId!], env);
  expect(printed.stdout).toBe(`run ${runId}\n1. send by clerk: done\n   sent\n`);
  expect((await cli(['runs', 'prune', '--keep', '1'], env)).stdout).toBe('1 removed\n');
  const [left] = JSON.parse((await cli(['runs', 'list', '--json'], env)).stdout);
  expect((await cli(['runs', 'remove', left.runId], env)).stdout).toBe('1 removed\n');
});

test('what goes wrong is told without the password', async () => {
  const wrong = database.replace('clerk:', 'clerk:hush');
  const away = database.replace(/:\d+\//, ':1/');
  for (const [args, code, message] of [
    [['run', file, '-i', 'name=Ada', '--journal', away], 1, 'postgres/unreachable'],
    [['run', file, '-i', 'name=Ada', '--json', '--journal', away], 1, 'postgres/unreachable'],
    [['runs', 'list', '--journal', wrong], 2, 'postgres/unreachable'],
    [['runs', 'list', '--journal', `${database}?schema=Blue`], 2, 'definition/invalid'],
    [['runs', 'show', 'x', '--journal', database], 2, '/test_1 has no run "x"'],
    [['resume', 'x', '--journal', database], 2, '/test_1 has no run "x"'],
    [['log-tasks-outputs', 'x', '--journal', database], 2, '/test_1 has no run "x"'],
    [['log-tasks-outputs', '--journal', `${database}?schema=empty`], 2, '/test_1 has no run of a crew'],
    [['runs', 'list', '--journal', 'postgresql://clerk:hush/hush@db/x'], 2, 'cannot be read'],
    [['runs', 'list', `--jurnal=${database}`], 2, 'cli/bad-option'],
    [['run', database], 2, 'error cli/'],
  ] as const) {
    const done = await cli(args);
    expect([args, done.code, done.stdout + done.stderr]).toEqual([
      args,
      code,
      expect.stringContaining(message),
    ]);
  }
});

test('without the package pg it says how to install it', async () => {
  const hook = `import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) => {
      if (name === 'pg') throw new Error('there is no pg');
      return next(name, context);
    } });`;
  const without = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` };
  const done = await cli(['runs', 'list', '--journal', database], without);
  expect([done.code, done.stderr]).toEqual([
    2,
    expect.stringMatching(/^error postgres\/missing-package: .* Run: npm install pg@\d/),
  ]);
});

test.each([
  ['runs.db', 'runs.db', undefined],
  ['postgresql.db', 'postgresql.db', undefined],
  ['postgres://u:p@h:5/d?schema=s&password=p', 'postgres://u@h:5/d', 's'],
  ['postgresql:///d?host=/tmp&password=p', 'postgresql:///d', null],
])('%s is printed as %s', (target, name, schema) => {
  expect(journalName(target)).toBe(name);
  expect(databaseOf(target)?.schema).toBe(schema ?? undefined);
});

test.each(['u:1/p@h/d', 'u:1?p@h/d', 'u:1#p@h/d', 'u:p#p@h/d', 'u:p@h:x/d'])(
  'of postgresql://%s nothing is printed, since it cannot be told which part is the password',
  (rest) => {
    expect(journalName(`postgresql://${rest}`)).toBe('postgresql://…');
    expect(() => databaseOf(`postgresql://${rest}`)).toThrow(
      expect.objectContaining({ code: 'cli/bad-option' }),
    );
  },
);
