/**
 * A run whose process is killed in the middle of a tool goes on in another process: what was recorded is
 * not done again. This file is both: without arguments it starts the others.
 */
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Agent, Crew, createRuntime, defineTool, sqliteJournal, Task } from 'regatta';
import { z } from 'zod';

const [folder = mkdtempSync(join(tmpdir(), 'regatta-example-')), isChild] = process.argv.slice(2);
const log = join(folder, 'log.txt');
const note = (line: string): void => appendFileSync(log, `${line}\n`);

const sound = defineTool({
  name: 'sound',
  description: 'Takes a sounding.',
  input: z.object({ spot: z.string() }),
  execute: () => {
    note('sounded');
    return '4 fathoms';
  },
});
const hoist = defineTool({
  name: 'hoist',
  description: 'Hoists a signal.',
  input: z.object({ flags: z.string() }),
  execute: () => {
    const isFirst = !readFileSync(log, 'utf8').includes('hoisting');
    note('hoisting');
    if (isFirst) process.kill(process.pid, 'SIGKILL'); // the lights go out
    return 'hoisted';
  },
});

const mate = new Agent({ role: 'Mate', goal: 'Bring the ship in', llm: 'rehearsal' });
const task = { expectedOutput: 'A line', agent: mate };
const survey = new Task({ name: 'survey', description: 'Sound the harbour.', tools: [sound], ...task });
const signal = new Task({ name: 'signal', description: 'Signal what was found.', tools: [hoist], ...task });
const crew = new Crew({ name: 'harbour', agents: [mate], tasks: [survey, signal] });

if (isChild === undefined) {
  const args = ['--conditions=@regatta/source', import.meta.filename, folder, 'child'];
  const killed = spawnSync(process.execPath, args);
  console.log(`the first process ended by ${killed.signal}`);

  await using journal = sqliteJournal({ path: join(folder, 'runs.db') });
  const [run] = await journal.list({ status: 'running' });
  const resumed = await crew.resume(run?.runId ?? '', { journal });
  await resumed.result;
  const attempts = resumed.ledger.map(({ status }) => status);
  console.log(`the second one: ${resumed.status}, attempts: ${attempts.join(', ')}`);
  console.log(readFileSync(log, 'utf8').trim().split('\n').join(', '));
  rmSync(folder, { recursive: true });
} else {
  note('begun');
  await using runtime = createRuntime({ journal: join(folder, 'runs.db') });
  await runtime.run(crew);
}
