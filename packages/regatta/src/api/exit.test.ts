import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const execute = promisify(execFile);

/** Runs a program that has `crewOf(script)`; gives what it printed, or its exit code where that is not 0. */
async function run(program: string): Promise<string> {
  const source = `
    import { Agent, Crew, Task, callback } from 'regatta';
    import { scriptedModel } from 'regatta/testing';
    function crewOf(script) {
      const agent = new Agent({ role: 'r', goal: 'g', llm: scriptedModel(script) });
      return new Crew({ agents: [agent], tasks: [new Task({ description: 'd', expectedOutput: 'e', agent })] });
    }
    ${program}`;
  const args = ['--conditions=@regatta/source', '--no-warnings', '--input-type=module', '--eval', source];
  const options = { cwd: import.meta.dirname, timeout: 15_000 };
  return await execute(process.execPath, args, options).then(
    ({ stdout }) => stdout.trim(),
    ({ code, stderr }) => `exit code ${code}: ${stderr}`,
  );
}

test('a program that ends by itself has delivered everything, although it waits for nothing (R57)', async () => {
  const printed = await run(`
    const pause = () => new Promise((resolve) => setTimeout(resolve, 1).unref()); // keeps nothing alive by itself
    const kept = [];
    const spill = {
      write: async (event) => void kept.push(event),
      take: async (limit) => (await pause(), kept.splice(0, limit)),
      close: pause,
    };
    let heard = 0;
    const slow = callback(async () => (await pause(), heard++), { capacity: 1, onFull: () => spill });
    const run = crewOf(['ok']).start({ callbacks: [slow] });
    process.on('exit', () => console.log(heard, run.audit().emitted, run.audit().pending));
  `);
  expect(printed).toBe('8 8 0');
});

test('a run that fails and callbacks that reject, awaited by nobody, end no process (R12)', async () => {
  const printed = await run(`
    const fail = async () => { throw new Error('rejected'); };
    const run = crewOf([{ error: new Error('broken') }]).start({ callbacks: [fail] });
    process.on('exit', (code) => console.log(code, run.status, run.audit().failed));
  `);
  expect(printed).toBe('0 failed 8');
});
