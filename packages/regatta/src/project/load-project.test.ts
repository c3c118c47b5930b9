import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { createRuntime, LLM } from '../index.ts';
import { scriptedModel } from '../testing/index.ts';
import { loadProject } from './load-project.ts';
import { AGENTS, errorOf, problemsOf, TASKS, toolModule, writeProject } from './project.fixture.ts';

const starter = fileURLToPath(new URL('fixtures/starter', import.meta.url));

test("a project laid out as crewAI's starter loads as it is, and runs in the order of its tasks", async () => {
  const { crew, missing, placeholders, notes } = await loadProject(starter);
  expect(placeholders).toEqual(['port', 'current_year']);
  expect(missing).toEqual(placeholders);
  expect(notes).toMatchObject([
    { key: 'verbose', count: 2, file: 'src/harbour/config/agents.yaml', line: 9 },
  ]);
  const model = scriptedModel(['Rocks first.', 'NOTICE: rocks.']);
  await using runtime = createRuntime({ llm: model });
  const output = await runtime.run(crew, { inputs: { port: 'Brest', current_year: 2026 } });
  expect(output.text).toBe('NOTICE: rocks.');
  expect(output.tasks.map(({ task, agent }) => [task, agent])).toEqual([
    ['survey_task', 'Brest Harbour Pilot'],
    ['notice_task', 'Brest Port Clerk'],
  ]);
  const [first, second] = model.requests.map(({ messages }) =>
    messages.map(({ content }) => String(content)),
  );
  expect(first![0]).toContain('Brest Harbour Pilot');
  expect(first![0]).toContain(
    'You have brought ships into Brest for twenty years. You say only what you have',
  );
  expect(first![1]).toContain('Survey the approach to Brest. Take into account that the year is 2026.');
  expect(second![1]).toContain('Rocks first.');
});

test('a crew file lays over agents and tasks what Python code added, and the files stay as they are', async () => {
  const folder = writeProject({
    'config/agents.yaml': `${AGENTS}editor:\n  role: Editor\n  goal: Edit\n  backstory: b\n  llm: gpt-4o\n`,
    'config/tasks.yaml':
      'draft:\n  description: Draft\n  expected_output: A draft\nfinal:\n  description: Edit\n  expected_output: A text\n',
    'crew.yaml': `name: desk
tasks:
  draft: { agent: writer }
  final: { agent: editor, context: [draft], expected_output: A better text }
agents:
  editor: { max_iter: 3 }
inputs: { topic: tides, days: 2 }
max_rpm: 30
chat_llm: gpt-4o
budget: { usd: 0.5 }
`,
  });
  const { crew, inputs, chatLlm } = await loadProject(folder);
  expect(crew.name).toBe('desk');
  expect(chatLlm).toBe('openai/gpt-4o');
  expect(crew.tasks.map(({ name, agent, expectedOutput }) => [name, agent?.role, expectedOutput])).toEqual([
    ['draft', 'Writer', 'A draft'],
    ['final', 'Editor', 'A better text'],
  ]);
  expect(crew.tasks[1]!.context).toEqual([crew.tasks[0]]);
  expect(crew.agents[1]).toMatchObject({ maxIter: 3, llm: { model: 'openai/gpt-4o' } });
  expect(crew.limits).toEqual({ requestsPerMinute: 30 });
  expect(crew.budget).toEqual({ usd: 0.5 });
  expect(inputs).toEqual({ topic: 'tides', days: 2 });
});

test("crewAI's JSON crews: comments, trailing commas, a file for each agent, settings inside", async () => {
  const folder = writeProject({
    'crew.jsonc': `{
  // "name": "not this one"
  "name": "desk", /* nor
  this */
  "agents": ["writer"],
  "tasks": [
    { "name": "note", "description": "See http://x/{topic} // here", "expected_output": "A note", "agent": "writer", "context": [], },
  ],
  "process": "sequential",
  "verbose": true,
  "memory": false,
  "inputs": { "topic": "tides", },
}`,
    'agents/writer.jsonc':
      '{ "role": "Writer", "goal": "Write", "backstory": "b",\n\t"settings": { "verbose": false, "max_iter": 7, "max_execution_time": 1.5 } }',
    'agents/unused.jsonc': '{ "role": "Unused", "goal": "Wait", "backstory": "b" }',
  });
  const { crew, inputs, missing, notes } = await loadProject(folder);
  expect(crew.agents.map(({ role }) => role)).toEqual(['Writer']);
  expect(crew.agents[0]).toMatchObject({ maxIter: 7, maxExecutionTimeMs: 1500 });
  expect(crew.tasks[0]).toMatchObject({
    name: 'note',
    description: 'See http://x/{topic} // here',
    context: [],
  });
  expect(inputs).toEqual({ topic: 'tides' });
  expect(missing).toEqual([]);
  expect(notes.map(({ key, count }) => [key, count])).toEqual([
    ['verbose', 1],
    ['verbose', 1],
  ]);
});

test('a list in the crew file chooses and orders; what it does not name takes no part', async () => {
  const folder = writeProject({
    'agents.yaml': `${AGENTS}idle:\n  role: Idle {nobody}\n  goal: Wait\n  backstory: ''\n`,
    'tasks.yaml': `${TASKS}first:\n  description: First\n  expected_output: x\n  agent: writer\n`,
    'crew.yaml': 'agents: [writer]\ntasks: [first, note]\n',
  });
  const { crew, placeholders } = await loadProject(folder);
  expect(crew.tasks.map(({ name }) => name)).toEqual(['first', 'note']);
  expect(crew.agents.map(({ role }) => role)).toEqual(['Writer']);
  expect(placeholders).toEqual(['topic']);
});

test('agents and tasks may stand in the crew file alone, and a crew file may be named itself', async () => {
  const folder = writeProject({
    'crew.yml':
      'agents:\n  a: { role: R, goal: G }\ntasks:\n  - { name: t, description: D, expectedOutput: E }\n',
  });
  for (const path of [folder, `${folder}/crew.yml`]) {
    const { crew } = await loadProject(path);
    // With one agent nobody need say whose task it is.
    expect(crew.tasks[0]).toMatchObject({ name: 't', expectedOutput: 'E', agent: { role: 'R' } });
  }
});

test('keys below config, anchors, merge keys, and the switches of YAML 1.1 mean what they mean to PyYAML', async () => {
  const folder = writeProject({
    'agents.yaml': `base: &base
  role: Base
  goal: Share
  backstory: b
  verbose: Yes
writer:
  <<: *base
  role: Writer
  allow_delegation: no
nested:
  role: Outer
  config: { role: Inner, goal: Nested, backstory: b }
`,
    'tasks.yaml': TASKS,
  });
  const { crew } = await loadProject(folder);
  expect(crew.agents.map(({ role, goal }) => `${role}: ${goal}`)).toEqual([
    'Base: Share',
    'Writer: Share',
    'Outer: Nested',
  ]);
});

test('models: a bare name is OpenAI, as in crewAI; a mapping has settings', async () => {
  const llmOf = async (llm: string) => {
    const { crew } = await loadProject(
      writeProject({ 'agents.yaml': `${AGENTS}  llm: ${llm}\n`, 'tasks.yaml': TASKS }),
    );
    return crew.agents[0]!.llm;
  };
  expect((await llmOf('gpt-4o'))?.model).toBe('openai/gpt-4o');
  expect((await llmOf('openrouter/deepseek/deepseek-chat'))?.model).toBe('openrouter/deepseek/deepseek-chat');
  expect((await llmOf('rehearsal'))?.model).toBe('rehearsal');
  const local = await llmOf(
    '{ model: llama3, provider: ollama, base_url: "http://localhost:11434", temperature: 0, timeout: 2 }',
  );
  expect(local).toBeInstanceOf(LLM);
  expect(local).toMatchObject({
    model: 'ollama/llama3',
    settings: { baseURL: 'http://localhost:11434', temperature: 0, timeoutMs: 2000 },
  });
});

test('tools and schemas in code: by name, by place, by module and export; the agent uses them', async () => {
  const folder = writeProject({
    'agents.yaml': `${AGENTS}  tools: [tide_table, "custom:wind", ./lib/deep.mjs#other, { module: ./lib/deep.mjs, export: third }]\n`,
    'tasks.yaml': `${TASKS}  output_pydantic: Notice\n`,
    'tools/tide_table.mjs': toolModule('tide_table'),
    'tools/wind.mjs': toolModule('wind'),
    'lib/deep.mjs': `${toolModule('other', 'other')}${toolModule('third', 'third')}`,
    'schemas.mjs':
      "export const Notice = { type: 'object', properties: { text: { type: 'string' } }, required: ['text'] };",
  });
  const { crew } = await loadProject(folder);
  expect(crew.agents[0]!.tools.map(({ name }) => name)).toEqual(['tide_table', 'wind', 'other', 'third']);
  const model = scriptedModel([{ toolCalls: [{ tool: 'wind', args: {} }] }, '{"text":"calm"}']);
  await using runtime = createRuntime({ llm: model });
  const output = await runtime.run(crew, { inputs: { topic: 'wind' } });
  expect(output.parsed).toEqual({ text: 'calm' });
  expect(JSON.stringify(model.requests[1]!.messages)).toContain('wind was used');
});

test('tasks may name each other in any order of files; a circle is a problem', async () => {
  const tasks = (first: string) =>
    `${first}\nb:\n  description: B\n  expected_output: x\n  agent: writer\n  context: [a]\n`;
  const a = 'a:\n  description: A\n  expected_output: x\n  agent: writer';
  const { crew } = await loadProject(
    writeProject({ 'agents.yaml': AGENTS, 'tasks.yaml': tasks(a), 'crew.yaml': 'tasks: [a, b]' }),
  );
  expect(crew.tasks[1]!.context).toEqual([crew.tasks[0]]);
  expect(await problemsOf({ 'agents.yaml': AGENTS, 'tasks.yaml': tasks(`${a}\n  context: [b]`) })).toEqual([
    'tasks.yaml:1:1 Tasks wait for each other: a -> b -> a. Take one out of the context of another.',
  ]);
  const backward = await problemsOf({
    'agents.yaml': AGENTS,
    'tasks.yaml': tasks(a),
    'crew.yaml': 'tasks: [b, a]',
  });
  expect(backward).toEqual([
    expect.stringMatching(
      /^tasks\.yaml:9:3 tasks\[0\] \("b"\) reads task "a", which does not come before it\./,
    ),
  ]);
});

test('two loads share nothing: each has agents of its own', async () => {
  const [a, b] = await Promise.all([loadProject(starter), loadProject(starter)]);
  expect(a.crew.agents[0]).not.toBe(b.crew.agents[0]);
  expect(Object.isFrozen(a)).toBe(true);
});

test('a folder that is not there, or holds nothing, is told apart from one that is wrong', async () => {
  await expect(loadProject('/nowhere/at/all')).rejects.toMatchObject({ code: 'project/not-found' });
  const empty = writeProject({ 'README.md': '' });
  await expect(loadProject(empty)).rejects.toMatchObject({
    code: 'project/not-found',
    details: { folder: empty },
  });
  const half = await errorOf(writeProject({ 'agents.yaml': AGENTS }));
  expect(half.details.problems).toEqual([
    { file: 'tasks.yaml', line: null, column: null, message: expect.stringContaining('has no tasks') },
  ]);
});
