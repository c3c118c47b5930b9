/** Each example runs as a reader would run it: in its own process, without a key, and ends with code 0. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { Agent, Crew, Task } from 'regatta';
import { expect, test, vi } from 'vitest';
import { z } from 'zod';

interface Finished {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const runExample = (...args: readonly string[]): Promise<Finished> => run('run.ts', ...args);
const regatta = (...args: readonly string[]): Promise<Finished> =>
  run('../packages/regatta/src/cli/main.ts', ...args);

function run(file: string, ...args: readonly string[]): Promise<Finished> {
  const { PATH } = process.env; // and no key, so that nothing but the rehearsal model can answer
  const command = ['--conditions=@regatta/source', join(import.meta.dirname, file), ...args];
  const options = { env: { PATH }, timeout: 15_000, cwd: import.meta.dirname };
  return new Promise((resolve) => {
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, stdout, stderr });
    });
  });
}

test('crew-with-tools: the tool is used, and the skipper comes after the forecaster', async () => {
  const { code, stdout, stderr } = await runExample('crew-with-tools');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [first, second, usage] = stdout.split(/^(?=## )|\n\n(?=\d)/m);
  expect(first).toMatch(/^## forecast, by Forecaster\n.*wind at Cowes on 2026-08-01/);
  const [, result] = /^wind: (.*)$/m.exec(first!)!;
  expect(JSON.parse(result!)).toMatchObject({ day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/), knots: 14 });
  expect(second).toMatch(/^## decision, by Skipper\n.*race at Cowes on 2026-08-01/);
  expect(usage).toMatch(/^3 model calls, [1-9]\d* tokens, 0 USD/);
});

test('graph-with-guardrails: two tasks at once, a decision after both, and a guardrail before it counts', async () => {
  const { code, stdout, stderr } = await runExample('graph-with-guardrails');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trim().split('\n');
  expect(lines.slice(0, 2)).toEqual(['rig starts', 'weather starts']);
  const at = (line: string) => lines.indexOf(line);
  expect(at('decision starts')).toBeGreaterThan(Math.max(at('rig done'), at('weather done')));
  expect(at('namesAReason accepts')).toBe(at('decision done') - 1);
  expect(lines.at(-1)).toBe('4 outputs, 4 calls');
});

test('team: a council votes, and a manager has its crew work', async () => {
  const { code, stdout, stderr } = await runExample('team');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  // Letters of a vote differ from run to run: where the Helmsman wins, its answer says what came of its tools.
  const lines = stdout.split('\n').filter((line) => !/^(|delegate_work: .*|ask_question: .*)$/.test(line));
  expect(lines).toEqual([
    'votes: 3',
    '[rehearsal] Asked: Which side of the first beat pays at Cowes, left or right?',
    'Navigator 2, Tactician 2, Helmsman 4',
    'plan: Navigator',
    'Navigator worked for the manager',
    'accepted: true',
    expect.stringMatching(/^\[rehearsal\]/),
    'Manager 2, Navigator 1',
  ]);
});

test('many-crews: each run gives its own answer, each tracer hears all of its run and nothing of another', async () => {
  const { code, stdout, stderr } = await runExample('many-crews', '40');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trim().split('\n');
  expect(lines.pop()).toBe('40 crews at once, foreign events: 0');
  expect(lines).toHaveLength(40);
  for (const [index, line] of lines.entries()) {
    const [, marker, audit, text] = /^(boat-\d+) (\{.*\}) (".*")$/.exec(line)!;
    expect(marker).toBe(`boat-${index + 1}`);
    expect(JSON.parse(text!).match(/boat-\d+/g)).toEqual([marker]);
    const { emitted, delivered, own, ...rest } = JSON.parse(audit!);
    expect(rest).toEqual({ failed: 0, dropped: 0, balance: 0, foreign: 0 });
    expect(delivered).toBe(emitted);
    expect(own).toBeGreaterThan(emitted / 2);
  }
});

test('its tracer can see foreign events: on a list that runs share, it does', async () => {
  vi.spyOn(console, 'log').mockImplementation(() => undefined);
  const { Tracer } = await import('./many-crews.ts');
  const shared = new Tracer('boat-1');
  const agent = new Agent({ role: 'Captain', goal: 'Win', llm: 'rehearsal' });
  const task = new Task({ description: 'Plan for {boat}', expectedOutput: 'A plan', agent });
  const crew = new Crew({ agents: [agent], tasks: [task] });
  const runs = ['boat-1', 'boat-2'].map((boat) => crew.start({ inputs: { boat }, callbacks: [shared] }));
  for (const run of runs) {
    await run.result;
    await run.flush();
  }
  expect(shared.own).toBeGreaterThan(0);
  expect(shared.foreign).toBe(shared.own);
});

test('typed-output: what is parsed fits the schema, and is about the input', async () => {
  const { code, stdout, stderr } = await runExample('typed-output');
  expect(code).toBe(0);
  const severity = z.enum(['low', 'medium', 'high']);
  const report = z
    .strictObject({
      topic: z.string(),
      summary: z.string().min(1).max(500),
      risks: z
        .array(z.strictObject({ name: z.string(), severity }))
        .min(1)
        .max(5),
      isSafe: z.boolean(),
    })
    .parse(JSON.parse(stdout));
  expect(report.topic).toContain('Endeavour');
  expect(stderr).toBe(`Safe: ${report.isSafe}. High risks: none.\n`);
});

test('watch-a-run: events come in order without a gap, and the pieces make up the answer', async () => {
  const { code, stdout, stderr } = await runExample('watch-a-run');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const events = Array.from(stdout.matchAll(/^(\d+) ([a-z]+\.[a-z]+)(.*)$/gm));
  expect(events.map(([, seq]) => Number(seq))).toEqual(events.map((_, index) => index));
  expect(events[0]![2]).toBe('run.start');
  expect(events.at(-1)!.slice(2)).toEqual(['run.end', ' succeeded']);
  const pieces = events
    .filter(([, , type]) => type === 'model.delta')
    .map(([, , , text]) => JSON.parse(text!));
  expect(pieces.length).toBeGreaterThan(3);
  expect(/^answer: (.*)$/m.exec(stdout)![1]).toBe(pieces.join(''));
  expect(pieces.join('')).toContain('Kiel');
  expect(JSON.parse(/^usage: (.*)$/m.exec(stdout)![1]!)).toMatchObject({ calls: 1, attempts: 1 });
  expect(JSON.parse(/^audit: (.*)$/m.exec(stdout)![1]!)).toMatchObject({
    emitted: events.length,
    balance: 0,
  });
});

test('threads: the same results on both engines, and the event loop turns only while threads compute', async () => {
  const { code, stdout, stderr } = await runExample('threads');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trim().split('\n');
  const seen = [lines.slice(0, 3), lines.slice(3)].map(([head, ...results]) => {
    const [, name, engine, turns] = /^(\w+), engine (\w+): the event loop turned (\d+) times$/.exec(head!)!;
    return { name, engine, turns: Number(turns), results };
  });
  const results = ['Cowes', 'Kiel'].map((who) => `  count_primes: ${who}: 114155 primes below 1500000`);
  expect(seen).toEqual([
    { name: 'kickoff', engine: 'local', turns: expect.any(Number), results },
    { name: 'kickoffAsync', engine: 'threads', turns: expect.any(Number), results },
  ]);
  expect(seen[1]!.turns).toBeGreaterThan(seen[0]!.turns);
});

test('survive-a-kill: the process is killed, and another one goes on without doing again what was done', async () => {
  const { code, stdout, stderr } = await runExample('survive-a-kill');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toEqual([
    'the first process ended by SIGKILL',
    'the second one: succeeded, attempts: succeeded, succeeded, succeeded, succeeded',
    'begun, sounded, hoisting, hoisting',
  ]);
});

test('tenants: each hears its own two runs, and its tools find its own boat', async () => {
  const { code, stdout, stderr } = await runExample('tenants');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [north, south, ...more] = stdout.trim().split('\n');
  expect(more).toEqual([]);
  expect(north).toMatch(/^north: 2 runs heard, .*of north.*Aurora.*Aurora/);
  expect(south).toMatch(/^south: 2 runs heard, .*of south.*Mistral.*Mistral/);
  expect(north).not.toMatch(/south|Mistral/);
  expect(south).not.toMatch(/north|Aurora/);
});

test('handle-errors: each failure has its code, and stays where it belongs', async () => {
  const { code, stdout, stderr } = await runExample('handle-errors');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout.trim().split('\n')).toEqual([
    'inputs/missing: harbour (given: port)',
    'tool/failed: Tool "radio" failed: no answer on channel 16',
    'status: succeeded',
    'run/cancelled: the race is over',
    'status: cancelled, open attempts: 0',
    'settled: fulfilled, rejected, fulfilled',
  ]);
});

test('agent-alone: its steps are told, its answer is typed, and what it learned is in the next prompt', async () => {
  const { code, stdout, stderr } = await runExample('agent-alone');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const lines = stdout.trim().split('\n');
  const turns = ['turn 1: tide, load_skill', 'turn 2: answer'];
  expect(lines.slice(0, 6)).toEqual([...turns, 'plan: made', ...turns, 'And how do we leave?']);
  expect(stdout).toContain('Current date: <date> (Europe/Berlin)');
  expect(lines.at(-2)).toMatch(/^- \[When may we enter tonight\?\] \{"enterAt":/);
  expect(lines.at(-1)).toBe('calls: 2 and 2');
});

test('crews/brief: the command line runs it once for each of its inputs', async () => {
  const { code, stdout } = await regatta(
    'run',
    'crews/brief.ts',
    '--inputs',
    'crews/topics.json',
    '--rehearse',
    '--json',
  );
  expect(code).toBe(0);
  const { runs, totals, rehearsal } = JSON.parse(stdout);
  expect(rehearsal).toContain('no model was asked');
  expect(totals).toMatchObject({ runs: 3, succeeded: 3, failed: 0, costUsd: 0 });
  const topics = ['tides', 'knots', 'charts'];
  for (const [index, { output, audit }] of runs.entries()) {
    const [draft, brief] = output.tasks;
    expect(draft.text).toContain(`Draft a brief on ${topics[index]}.`);
    expect(draft.text).toMatch(/^count_words: \d+$/m);
    z.strictObject({ title: z.string().max(80), text: z.string() }).parse(brief.parsed);
    expect(output.parsed).toEqual(brief.parsed);
    expect(audit.balance).toBe(0);
  }
});

test('a name that is no example is answered with those that are', async () => {
  const { code, stdout, stderr } = await runExample('no-such');
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/no example "no-such".*crew-with-tools.*many-crews.*typed-output/);
});
