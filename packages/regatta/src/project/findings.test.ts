import { expect, test } from 'vitest';
import { noteText } from './findings.ts';
import { loadProject } from './load-project.ts';
import { AGENTS, errorOf, problemsOf, TASKS, writeProject } from './project.fixture.ts';

test('everything that is wrong is said at once, in the order of files and lines, with the line itself', async () => {
  const folder = writeProject({
    'agents.yaml': 'writer:\n  role: Writer\n  gaol: Write\n  backstory: b\n  max_iter: zero\n',
    'tasks.yaml': 'note:\n  description: Note\n  agent: writr\n',
    'crew.yaml': 'proces: sequential\n',
  });
  const error = await errorOf(folder);
  expect(error.details.problems.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual([
    'agents.yaml:3:3',
    'agents.yaml:5:13',
    'crew.yaml:1:1',
    'tasks.yaml:1:1',
    'tasks.yaml:3:10',
  ]);
  expect(error.message).toContain(`- agents.yaml:3:3: agent "writer" has no key "gaol". Did you mean "goal"?
    3 |   gaol: Write
      |   ^`);
  expect(error.message).toContain('- crew.yaml:1:1: the crew has no key "proces". Did you mean "process"?');
  expect(error.message).toContain('There is no agent "writr". Did you mean "writer"?');
});

test('what is missing is said where the part begins, once its other keys are right', async () => {
  expect(await problemsOf({ 'agents.yaml': 'writer:\n  backstory: b\n', 'tasks.yaml': TASKS })).toEqual([
    'agents.yaml:1:1 agent "writer" has no role. Write role: below it.',
    'agents.yaml:1:1 agent "writer" has no goal. Write goal: below it.',
  ]);
});

test('a task without an agent says who could do it, and how files may stay as they are', async () => {
  const agents = `${AGENTS}editor:\n  role: Editor\n  goal: Edit\n  backstory: ''\n`;
  expect(
    await problemsOf({ 'agents.yaml': agents, 'tasks.yaml': TASKS.replace('  agent: writer\n', '') }),
  ).toEqual([
    expect.stringContaining(
      'tasks.yaml:1:1 task "note" names no agent. Write agent: writer below it, or another of editor; ',
    ),
  ]);
});

test.each([
  [
    'agents.yaml',
    'writer:\n  role: [Writer\n  goal: x\n',
    /^agents\.yaml:\d:\d+ .* Correct the YAML here\.$/,
  ],
  ['agents.yaml', 'writer:\n  role: A\n  role: B\n  goal: x\n', /^agents\.yaml:3:3 Map keys must be unique/],
  ['agents.yaml', '- writer\n', /^agents\.yaml:1:1 The file must be a mapping/],
  ['agents.yaml', 'writer: Writer\n', /^agents\.yaml:1:1 agent "writer" must be a mapping/],
  [
    'agents.yaml',
    'writer:\n  role: 12\n  goal: x\n',
    /^agents\.yaml:2:9 role of agent "writer" must be a text, and is 12\. Put it in quotes\.$/,
  ],
  ['agents.yaml', 'writer:\n  role: *gone\n  goal: x\n', /^agents\.yaml:2:9 .*alias/i],
  [
    'crew.json',
    '{ "process": "anarchy" }',
    /^crew\.json:1:14 process of the crew must be one of sequential, /,
  ],
  ['crew.json', '{\n  "name": "a",\n  "name": "b"\n}', /^crew\.json:3:3 Map keys must be unique/],
  ['crew.yaml', 'inputs: [topic]\n', /^crew\.yaml:1:9 inputs must be a mapping/],
  [
    'crew.yaml',
    'tasks: [note, nte]\n',
    /^crew\.yaml:1:15 task "nte" is not in the project\. Did you mean "note"\?$/,
  ],
  ['crew.yaml', 'tasks: [note, note]\n', /task "note" stands here twice/],
  [
    'crew.yaml',
    'max_rpm: 3\nlimits: { requests_per_minute: 4 }\n',
    /^crew\.yaml:2:1 limits of the crew says again/,
  ],
  [
    'crew.yaml',
    'prompt_file: prompts.json\n',
    /^crew\.yaml:1:1 prompt_file of the crew has no place in a file\. .* Take the key out/,
  ],
  [
    'crew.yaml',
    'budget: { euros: 4 }\n',
    /^crew\.yaml:1:11 budget of the crew has no "euros"\. Write one of usd, tokens, calls\.$/,
  ],
])('%s with %j', async (file, text, pattern) => {
  const problems = await problemsOf({ 'agents.yaml': AGENTS, 'tasks.yaml': TASKS, [file]: text });
  expect(
    problems.filter((problem) => pattern.test(problem)),
    problems.join('\n'),
  ).toHaveLength(1);
});

test('a line that may hold a secret is not repeated, nor is a key in a file taken', async () => {
  const error = await errorOf(
    writeProject({
      'agents.yaml': `${AGENTS}  llm: { model: gpt-4o, api_key: sk-hidden-1 }\n`,
      'tasks.yaml': TASKS,
    }),
  );
  expect(error.message).toContain('Put it into .env');
  expect(JSON.stringify(error) + error.message + JSON.stringify(error.details)).not.toContain('sk-hidden-1');
});

test('a key of crewAI without an effect is a note: once, with its place, its count and the reason', async () => {
  const { notes } = await loadProject(
    writeProject({
      'agents.yaml': `a:\n  role: A\n  goal: x\n  verbose: true\nb:\n  role: B\n  goal: x\n  verbose: true\n  cache: true\n`,
      'tasks.yaml': TASKS.replace('writer', 'a'),
    }),
  );
  expect(notes.map(noteText)).toEqual([
    expect.stringMatching(/^agents\.yaml:4:3: verbose \(2 times\): Runs have events/),
    expect.stringMatching(/^agents\.yaml:9:3: cache: Answers are kept/),
  ]);
});

test('a class in Python is a problem, also under a key that has no effect', async () => {
  const agents = `${AGENTS}  type: { python: my.agents.Custom }\n`;
  expect(await problemsOf({ 'agents.yaml': agents, 'tasks.yaml': TASKS })).toEqual([
    'agents.yaml:5:3 type of agent "writer" names code in Python, which cannot be run here. Take it out, and write what it does in TypeScript.',
  ]);
});

test('aliases of aliases do not fill the memory', async () => {
  const levels = Array.from({ length: 9 }, (_, index) => {
    const before = index === 0 ? '"x"' : `*l${index - 1}`;
    return `l${index}: &l${index} [${Array.from({ length: 10 }, () => before).join(', ')}]`;
  });
  const problems = await problemsOf({
    'agents.yaml': AGENTS,
    'tasks.yaml': TASKS,
    'crew.yaml': `inputs:\n  ${levels.join('\n  ')}\n`,
  });
  expect(problems).toEqual([expect.stringMatching(/more than 100000 parts/)]);
});
