import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRuntime, type ModelRequest } from '../index.ts';
import { scriptedModel } from '../testing/index.ts';
import { loadProject } from './load-project.ts';
import { AGENTS, TASKS, toolModule, writeProject } from './project.fixture.ts';

const lastOf = ({ messages }: Pick<ModelRequest, 'messages'>): string => JSON.stringify(messages.at(-1));

/** What the tools of the project answer, one call after another. */
async function useTools(folder: string, calls: readonly (readonly [string, object])[]) {
  const { crew } = await loadProject(folder);
  const model = scriptedModel([
    ...calls.map(([tool, args]) => ({ toolCalls: [{ tool, args: args as Record<string, string> }] })),
    'Done',
  ]);
  await using runtime = createRuntime({ llm: model });
  await runtime.run(crew, { inputs: { topic: 'tides' } });
  return model.requests.slice(1).map(lastOf);
}

test('files: the project folder can be read, and neither what lies outside nor what is hidden', async () => {
  const folder = writeProject({
    'agents.yaml': `${AGENTS}  tools: [files]\n`,
    'tasks.yaml': TASKS,
    'notes/tide.txt': 'Springs on Friday',
    '.env': 'OPENAI_API_KEY=sk-in-the-open',
  });
  mkdirSync(join(folder, '.regatta'));
  writeFileSync(join(folder, '.regatta/key.txt'), 'sk-in-the-open');
  symlinkSync('.env', join(folder, 'settings.txt'));
  const answers = await useTools(folder, [
    ['read_file', { path: 'notes/tide.txt' }],
    ['read_file', { path: '../elsewhere.txt' }],
    ['read_file', { path: '.env' }],
    ['read_file', { path: 'settings.txt' }],
    ['read_file', { path: '.regatta/key.txt' }],
    ['search_files', { query: 'sk-' }],
    ['list_files', {}],
  ]);
  expect(answers[0]).toContain('Springs on Friday');
  expect(answers[1]).toContain('outside of what this tool may use');
  for (const answer of answers.slice(2, 5)) expect(answer).toContain('outside of what this tool may use');
  expect(answers[5]).toContain('No line was found');
  expect(answers[6]).toContain('notes/');
  expect(answers[6]).not.toContain('.env');
  expect(answers.join()).not.toContain('in-the-open');
});

test('javascript and fetch: a script runs, and a host of the own network is not asked', async () => {
  const folder = writeProject({
    'agents.yaml': `${AGENTS}  tools: [javascript, fetch]\n`,
    'tasks.yaml': TASKS,
  });
  const [sum, page] = await useTools(folder, [
    ['run_javascript', { code: '6 * 7' }],
    ['fetch_page', { url: 'http://127.0.0.1:9/' }],
  ]);
  expect(sum).toContain('42');
  expect(page).toContain('This tool may not ask 127.0.0.1');
});

test('a tool of the project wins over one of the same name that comes with the package', async () => {
  const folder = writeProject({
    'agents.yaml': `${AGENTS}  tools: [fetch]\n`,
    'tasks.yaml': TASKS,
    'tools/fetch.mjs': toolModule('own_fetch'),
  });
  const { crew } = await loadProject(folder);
  expect(crew.agents[0]!.tools.map(({ name }) => name)).toEqual(['own_fetch']);
});
