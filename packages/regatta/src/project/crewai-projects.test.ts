/**
 * Real projects of crewAI, for those who have some: REGATTA_CREWAI_PROJECTS names a folder in which they
 * are looked for at any depth, such as a clone of crewAIInc/crewAI-examples. None are part of this
 * repository. Their files are read as they are; what their Python code adds stands in a crew file laid
 * beside a copy.
 */
import { cpSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { createRuntime, isRegattaError } from '../index.ts';
import { checkTrace } from '../testing/index.ts';
import { loadProject } from './load-project.ts';
import { writeProject } from './project.fixture.ts';

const root = process.env.REGATTA_CREWAI_PROJECTS ?? '';
const configs =
  root === ''
    ? []
    : globSync('**/agents.yaml', { cwd: root })
        .map(dirname)
        .filter((folder) => existsSync(join(root, folder, 'tasks.yaml')));

type Given = Record<string, Record<string, unknown> | null>;

/** What crew.py says: who does which task. In turn, since Python is not read here. */
function crewFile(agents: Given, tasks: Given): string {
  const names = Object.keys(agents);
  const laid = Object.entries(tasks).map(([key, task], index) => {
    const agent = task?.agent ?? names[index % names.length];
    const missing = task?.expected_output ? {} : { expected_output: 'An answer' };
    return [key, { agent, ...missing }];
  });
  return JSON.stringify({ tasks: Object.fromEntries(laid) });
}

describe.skipIf(configs.length === 0)('projects of crewAI', () => {
  test.each(configs)('%s', async (config) => {
    const folder = writeProject({});
    cpSync(join(root, config), join(folder, 'config'), { recursive: true });
    const read = (name: string) => parse(readFileSync(join(folder, 'config', name), 'utf8')) as Given; // a mapping, or the loader says so
    const loaded = await loadProject(folder).catch((error: unknown) => error);
    let project = loaded;
    if (isRegattaError(loaded, 'project/invalid')) {
      // Python code may be missing; no other problem.
      for (const { message } of loaded.details.problems)
        expect(message).toMatch(/names no agent|expected_output/);
      writeFileSync(join(folder, 'crew.json'), crewFile(read('agents.yaml'), read('tasks.yaml')));
      project = await loadProject(folder);
    }
    const { crew, placeholders } = project as Awaited<ReturnType<typeof loadProject>>; // an error that is none of ours fails below
    expect(crew.tasks.map(({ name }) => name)).toEqual(Object.keys(read('tasks.yaml')));
    const inputs = Object.fromEntries(placeholders.map((name) => [name, `<${name}>`]));
    await using runtime = createRuntime({ rehearse: true, llm: 'rehearsal' });
    const run = runtime.start(crew, { inputs, onInput: () => ({ accepted: true }) }); // whoever reviews a rehearsal
    const events = await Array.fromAsync(run.events());
    const output = await run.result;
    expect(output.tasks).toHaveLength(crew.tasks.length);
    checkTrace(events as Parameters<typeof checkTrace>[0]); // nothing was dropped, so there are no gaps
  });
});
