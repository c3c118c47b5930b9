import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fixture, runCli } from './fixtures/process.fixture.ts';
import type { RunsDocument } from './report-json.ts';

const folder = mkdtempSync(join(tmpdir(), 'regatta-run-project-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write(files: Readonly<Record<string, string>>): string {
  const project = mkdtempSync(join(folder, 'p-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(project, path)), { recursive: true });
    writeFileSync(join(project, path), text);
  }
  return project;
}

const FILES = {
  'agents.yaml': 'writer:\n  role: Writer\n  goal: Write\n  verbose: true\n',
  'tasks.yaml': 'note:\n  description: Note {topic} in {language}\n  expected_output: A note\n',
};

test('a folder runs, with its own inputs under those of the command line; notes go to stderr', async () => {
  const project = write({
    ...FILES,
    'crew.yaml': 'name: notes\ninputs: { topic: tides, language: Breton }\n',
  });
  const { code, stdout, stderr } = await runCli(['run', project, '--rehearse', '--json', '-i', 'topic=wind']);
  expect(code).toBe(0);
  const [run] = (JSON.parse(stdout) as RunsDocument).runs;
  expect(run?.inputs).toEqual({ topic: 'wind', language: 'Breton' });
  expect(run?.output.text).toContain('Note wind in Breton');
  expect(stderr).toContain('note: agents.yaml:4:3: verbose: Runs have events');
});

test('without a terminal a missing input is an error that names it, not a question', async () => {
  const { code, stdout } = await runCli(['run', write(FILES), '--rehearse', '-i', 'topic=wind'], {
    stdin: 'Breton\n',
  });
  expect(code).toBe(1);
  expect(stdout).toMatch(
    /error inputs\/missing: The inputs lack \{language\}.*\nhint: give --input language=…/,
  );
});

test('the current folder is run where none is named, and one with a crew.ts as well', async () => {
  const cwd = write({ ...FILES, 'crew.yaml': 'inputs: { topic: a, language: b }' });
  expect(await runCli(['run', '--rehearse'], { cwd })).toMatchObject({ code: 0 });
  const module = write({
    'crew.ts': `export { crew } from ${JSON.stringify(fixture('other-copy.fixture.ts'))};`,
  });
  expect(await runCli(['run', '--rehearse'], { cwd: module })).toMatchObject({ code: 0 });
  const empty = await runCli(['run'], { cwd: write({}) });
  expect(empty).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^error project\/not-found: /),
  });
});

test('a project that is wrong: exit code 2, every problem with its place, and nothing runs', async () => {
  const project = write({
    ...FILES,
    'agents.yaml': 'writer:\n  role: Writer\n  gaol: Write\n  max_iter: 0\n',
  });
  const { code, stdout, stderr } = await runCli(['run', project, '--rehearse']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error project\/invalid: /);
  expect(stderr).toContain('agents.yaml:3:3: agent "writer" has no key "gaol". Did you mean "goal"?');
  expect(stderr).toContain('agents.yaml:4:13: max_iter');
  const exported = await runCli(['run', write(FILES), '--export', 'crew']);
  expect(exported.stderr).toMatch(/^error cli\/bad-option: --export crew is for modules/);
});

/** Answers one chat completion, and says with which key it was asked. */
async function listen() {
  const keys: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    keys.push(request.headers.authorization);
    const message = { role: 'assistant', content: 'Noted.' };
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    response.setHeader('content-type', 'application/json');
    request.resume().on('end', () =>
      response.end(
        JSON.stringify({
          id: 'a',
          object: 'chat.completion',
          created: 1,
          model: 'm',
          choices: [{ index: 0, message, finish_reason: 'stop' }],
          usage,
        }),
      ),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return { keys, url: `http://127.0.0.1:${port}/v1`, close: () => server.close() };
}

test("the project's .env is read as Node reads it, and what the shell has set wins", async () => {
  const { keys, url, close } = await listen();
  const project = write({
    ...FILES,
    'crew.yaml': 'llm: openai-compatible/m\ninputs: { topic: a, language: b }\n',
    '.env': `# a comment\nOPENAI_COMPATIBLE_API_KEY="from file"\nexport OPENAI_COMPATIBLE_BASE_URL=${url}\n`,
  });
  const module = write({
    'crew.ts': `export { crew } from ${JSON.stringify(fixture('other-copy.fixture.ts'))};`,
    '.env': `OPENAI_COMPATIBLE_API_KEY=module\nOPENAI_COMPATIBLE_BASE_URL=${url}\n`,
  });
  const file = await runCli(['run', project]);
  const shell = await runCli(['run', project], { env: { OPENAI_COMPATIBLE_API_KEY: 'from shell' } });
  const folder = await runCli(['run', module, '--llm', 'openai-compatible/m']);
  const named = await runCli(['run', join(module, 'crew.ts'), '--llm', 'openai-compatible/m']);
  close();
  expect([file.code, shell.code, folder.code], file.stdout + folder.stdout).toEqual([0, 0, 0]);
  expect(keys).toEqual(['Bearer from file', 'Bearer from shell', 'Bearer module']);
  expect(named.stdout).toContain('llm/missing-base-url'); // a module that is named itself has no .env
});

/** A tool that writes a line, and in its first process is never done. */
const GAUGE = `import { appendFileSync } from 'node:fs';
export const gauge = {
  name: 'gauge', description: 'A tool', inputSchema: { type: 'object', properties: {} }, timeoutMs: 600000,
  maxUses: undefined, parse: async (value) => ({ isValid: true, value }),
  execute: () => {
    appendFileSync(process.env.USES, process.env.IS_STUCK + ' ');
    console.error('the gauge is read');
    return process.env.IS_STUCK === 'yes' ? new Promise(() => setInterval(() => {}, 60000)) : '3 m';
  },
};
`;

test('a project is killed in its second task and resumed from its folder: what is recorded is not done again', async () => {
  const project = write({
    'agents.yaml': 'writer:\n  role: Writer\n  goal: Write\npilot:\n  role: Pilot\n  goal: Steer\n',
    'tasks.yaml': `list:
  description: List {topic}
  expected_output: A list
  agent: writer
depth:
  description: Measure
  expected_output: A depth
  agent: pilot
  tools: [gauge]
  output_file: depth.txt
`,
    'tools/gauge.mjs': GAUGE,
  });
  const uses = join(project, 'uses');
  const journal = ['--journal', join(project, 'runs.db')];
  const env = { USES: uses, IS_STUCK: 'yes' };
  const killed = await runCli(['run', project, '--rehearse', '-i', 'topic=tides', ...journal], {
    env,
    onStderr: (stderr, child) => void (stderr.includes('the gauge is read') && child.kill('SIGKILL')),
  });
  expect(killed.code).toBeNull();
  const list = await runCli(['runs', 'list', '--json', ...journal]);
  const [{ runId, ref, status }] = JSON.parse(list.stdout) as [
    { runId: string; ref: unknown; status: string },
  ];
  expect({ ref, status }).toEqual({ ref: null, status: 'running' });
  const shown = await runCli(['log-tasks-outputs', ...journal]);
  expect(shown.stdout).toBe(`run ${runId}\n1. list: running\n2. depth: running\n`);

  const nowhere = await runCli(['resume', runId, '--rehearse', ...journal]);
  expect(nowhere).toMatchObject({ code: 2, stdout: '' });
  expect(nowhere.stderr).toContain(`Give its folder or its module, as in: regatta resume ${runId} DIR.`);

  const free = { USES: uses, IS_STUCK: 'no' };
  const resumed = await runCli(['resume', runId, project, '--rehearse', '--json', ...journal], { env: free });
  expect(resumed.code, resumed.stderr).toBe(0);
  const [run] = (JSON.parse(resumed.stdout) as RunsDocument).runs;
  expect(run).toMatchObject({ runId, status: 'succeeded', inputs: { topic: 'tides' } });
  expect(readFileSync(join(project, 'depth.txt'), 'utf8')).toBe(run?.output.text);
  expect(readFileSync(uses, 'utf8')).toBe('yes no '); // the use that was cut, and one more

  const replayed = await runCli(
    ['runs', 'replay', runId, project, '--from', 'depth', '--rehearse', '--json', ...journal],
    { env: free },
  );
  expect(JSON.parse(replayed.stdout).runs).toMatchObject([{ status: 'succeeded' }]);
  expect(readFileSync(uses, 'utf8')).toBe('yes no no ');
  const done = await runCli(['log-tasks-outputs', runId, ...journal]);
  expect(done.stdout).toContain('1. list by Writer: done\n');
}, 120_000);
