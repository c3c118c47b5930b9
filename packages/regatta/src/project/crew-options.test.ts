import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRuntime, type LLM } from '../index.ts';
import { checkTrace, scriptedModel } from '../testing/index.ts';
import { json, played } from '../testing/played.fixture.ts';
import { loadProject } from './load-project.ts';
import { AGENTS, problemsOf, TASKS, writeProject } from './project.fixture.ts';

const FILES = { 'agents.yaml': AGENTS, 'tasks.yaml': TASKS };

async function run(
  files: Readonly<Record<string, string>>,
  replies: readonly string[] | Parameters<typeof played>[0],
) {
  const { crew, notes } = await loadProject(writeProject(files));
  const model = Array.isArray(replies)
    ? scriptedModel(replies)
    : played(replies as Parameters<typeof played>[0]); // as just checked
  await using runtime = createRuntime({ llm: model });
  const begun = runtime.start(crew, { inputs: { topic: 'tides' } });
  const events = await Array.fromAsync(begun.events());
  checkTrace(events as Parameters<typeof checkTrace>[0]); // nothing was dropped, so there are no gaps
  return {
    crew,
    notes,
    output: await begun.result,
    asked: model.requests.map(({ messages }) => JSON.stringify(messages)),
  };
}

test('hierarchical with a manager of its own: it has the others do a task that names nobody', async () => {
  const { crew, output, asked } = await run(
    {
      'agents.yaml': `${AGENTS}chief: { role: Chief, goal: Answer for it }\n`,
      'tasks.yaml': 'note:\n  description: Note {topic}\n  expected_output: A note\n',
      'crew.yaml': 'process: hierarchical\nmanager_agent: chief\nmax_revisions: 0\nmax_delegation_depth: 1\n',
    },
    {
      Chief: ({ text }) =>
        text.includes('plan how your crew')
          ? json({
              items: ['springs', 'neaps'].map((id, at) => ({
                id,
                instructions: `Write of ${id}`,
                needs: at === 0 ? [] : ['springs'],
                coworker: 'Writer',
              })),
            })
          : 'Springs are high, says the chief.',
      Writer: ({ all }) => (all.includes('Write of neaps') ? 'Neaps are low.' : 'Springs are high.'),
    },
  );
  expect(crew.agents.map(({ role }) => role)).toEqual(['Writer']);
  expect(crew.manager?.role).toBe('Chief');
  expect(crew.team).toMatchObject({ maxRevisions: 0, maxDelegationDepth: 1 });
  expect(asked[1]).toContain('Write of springs');
  expect(asked.at(-1)).toMatch(/Springs are high\..*Neaps are low\./);
  expect(output.text).toBe('Springs are high, says the chief.');
});

test('consensus: the agents that a task names answer, and a function of the project decides', async () => {
  const { output } = await run(
    {
      'agents.yaml': `${AGENTS}pilot: { role: Pilot, goal: Steer }\nidle: { role: Idle, goal: Wait }\n`,
      'tasks.yaml':
        'note:\n  description: Note {topic}\n  expected_output: A note\n  agents: [writer, pilot]\n',
      'crew.yaml': 'process: consensus\ndecide: ./hooks.mjs#longest\nquorum: 2\n',
      'hooks.mjs':
        'export const longest = (all) => all.reduce((best, { text }, at) => (text.length > all[best].text.length ? at : best), 0);',
    },
    { Writer: () => 'A note', Pilot: () => 'A longer note', Idle: () => 'The longest note of all' },
  );
  expect(output.text).toBe('A longer note');
});

test('before_kickoff and after_kickoff change what goes in and out; task_callback hears each task', async () => {
  const { output, asked } = await run(
    {
      ...FILES,
      'crew.yaml':
        'before_kickoff: ./hooks.mjs#before\nafter_kickoff_callbacks: [./hooks.mjs#after]\ntask_callback: ./hooks.mjs#each\n',
      'hooks.mjs': `globalThis.eachTask = [];
export const before = (inputs) => ({ ...inputs, topic: inputs.topic + ' at Brest' });
export const after = (output) => ({ ...output, text: output.text + '!' });
export const each = ({ task }) => void globalThis.eachTask.push(task);`,
    },
    ['A note'],
  );
  expect(asked[0]).toContain('Note tides at Brest');
  expect(output.text).toBe('A note!');
  expect((globalThis as { eachTask?: unknown }).eachTask).toEqual(['note']);
});

test('planning: tasks are planned by the model that planning_llm names; without planning a note says so', async () => {
  const planner = async (text: string) => await loadProject(writeProject({ ...FILES, 'crew.yaml': text }));
  const modelOf = async (text: string) => ((await planner(text)).crew.planner?.llm as LLM | undefined)?.model;
  expect(await modelOf('planning: true\nplanning_llm: gpt-4o\n')).toBe('openai/gpt-4o');
  expect(await modelOf('planning: { llm: groq/x }\n')).toBe('groq/x');
  const off = await planner('planning: false\nplanning_llm: gpt-4o\n');
  expect(off.crew.planner).toBeUndefined();
  expect(off.notes).toMatchObject([{ key: 'planning_llm', line: 2 }]);
  const { asked, output } = await run(
    { ...FILES, 'crew.yaml': 'planning: true\n' },
    {
      Planner: () => json({ plans: { note: 'Look at the almanac first.' } }),
      Writer: () => 'A note',
    },
  );
  expect(asked[1]).toContain('Look at the almanac first.');
  expect(output.text).toBe('A note');
});

test('training: what regatta train has kept is told to the agents', async () => {
  const folder = writeProject({ ...FILES, 'crew.yaml': 'trained_agents_file: trained.json\n' });
  const lesson = { suggestions: ['Name the moon.'], quality: 8, summary: 'It leaves out the moon.' };
  writeFileSync(join(folder, 'trained.json'), JSON.stringify({ version: 1, agents: { Writer: lesson } }));
  const { crew } = await loadProject(folder);
  const model = scriptedModel(['A note']);
  await using runtime = createRuntime({ llm: model });
  await runtime.run(crew, { inputs: { topic: 'tides' } });
  expect(JSON.stringify(model.requests[0]!.messages)).toContain('Name the moon.');
});

test.each([
  ['on_task_failure: shrug', /^crew\.yaml:1:1 onTaskFailure must be "cancel" or "spare"/],
  ['process: hierarchical', /^crew\.yaml:1:1 The process "hierarchical" needs a manager/],
  ['manager_llm: gpt-4o', /^crew\.yaml:1:1 The process "sequential" has nothing to do for a manager/],
  ['decide: toss', /^crew\.yaml:1:9 decide of the crew: Nothing in the project is called "toss"/],
  ['trained_agents_file: agents.pkl', /^crew\.yaml:1:22 trained_agents_file .* a \.pkl is only for Python/],
  ['task_callback: my.module.done', /^crew\.yaml:1:16 task_callback of the crew/],
])('what is wrong with the crew is said at its line: %s', async (line, pattern) => {
  const problems = await problemsOf({ ...FILES, 'crew.yaml': `${line}\n` });
  expect(
    problems.filter((problem) => pattern.test(problem)),
    problems.join('\n'),
  ).not.toEqual([]);
});
