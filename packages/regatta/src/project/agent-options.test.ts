import { expect, test } from 'vitest';
import { createRuntime, type LLM } from '../index.ts';
import { checkTrace, scriptedModel } from '../testing/index.ts';
import { loadProject } from './load-project.ts';
import { AGENTS, problemsOf, TASKS, writeProject } from './project.fixture.ts';

/** Runs the project with what the model says in turn; gives its requests as text, and the output. */
async function run(files: Readonly<Record<string, string>>, replies: Parameters<typeof scriptedModel>[0]) {
  const { crew, notes } = await loadProject(writeProject({ 'tasks.yaml': TASKS, ...files }));
  const model = scriptedModel(replies);
  await using runtime = createRuntime({ llm: model });
  const begun = runtime.start(crew, { inputs: { topic: 'tides' } });
  const events = await Array.fromAsync(begun.events());
  checkTrace(events as Parameters<typeof checkTrace>[0]); // nothing was dropped, so there are no gaps
  const output = await begun.result;
  return {
    crew,
    notes,
    output,
    asked: model.requests.map(({ messages }) => JSON.stringify(messages)),
    model,
  };
}

test('the date, the templates and the protocol of tools are told to the model as the file says', async () => {
  const { asked, model, output } = await run(
    {
      'agents.yaml': `${AGENTS}  inject_date: true
  date_format: "%Y/%m"
  time_zone: Europe/Paris
  system_template: "<<{{ .System }}>>"
  prompt_template: "## {{ .Prompt }} ##"
  response_template: "Answer: {{ .Response }} STOP"
  tool_protocol: text
  tools: [./tool.mjs#tool]
`,
      'tool.mjs':
        "export const tool = { name: 'gauge', description: 'A tool', inputSchema: { type: 'object', properties: {} }, timeoutMs: 1000, maxUses: undefined, parse: async (value) => ({ isValid: true, value }), execute: () => '3 m' };",
    },
    ['A note. STOP and more'],
  );
  expect(asked[0]).toMatch(/\d{4}\/\d{2}/);
  expect(asked[0]).toContain('Europe/Paris');
  expect(asked[0]).toContain('<<');
  expect(asked[0]).toContain('## ');
  expect(asked[0]).toContain('gauge');
  expect(model.requests[0]!.tools).toEqual([]); // told in the text
  expect(output.text).toBe('A note.');
});

test('an agent that may delegate hands work to those that the file names, in any order of the file', async () => {
  const { asked, output, model } = await run(
    {
      'agents.yaml': `${AGENTS}  allow_delegation: true
  allowed_delegates: [pilot]
cook: { role: Cook, goal: Cook }
pilot: { role: Pilot, goal: Steer }
`,
    },
    [
      ({ tools }) => {
        const tool = tools.find(({ name }) => /delegate/.test(name))!.name;
        return { toolCalls: [{ tool, args: { coworker: 'Pilot', task: 'Sound the bar', context: 'Neap' } }] };
      },
      'Two metres.',
      'Two metres at the bar.',
    ],
  );
  expect(output.text).toBe('Two metres at the bar.');
  expect(asked[1]).toContain('Sound the bar');
  expect(asked[1]).toContain('Pilot');
  expect(JSON.stringify(model.requests[0]!.tools)).not.toContain('Cook');
});

test('planning: a switch beside its settings is one thing; settings have the names of crewAI as well', async () => {
  const { crew } = await loadProject(
    writeProject({
      'agents.yaml': `${AGENTS}  planning: true
  planning_config: { reasoning_effort: low, max_steps: 3, max_replans: 0, step_timeout: 1.5, llm: gpt-4o }
other:
  role: Other
  goal: Wait
  planning_config: { effort: high }
  reasoning: true
plain: { role: Plain, goal: Wait, reasoning: false }
`,
      'tasks.yaml': TASKS,
    }),
  );
  const [writer, other, plain] = crew.agents;
  expect(writer!.planning).toMatchObject({ effort: 'low', maxSteps: 3, maxReplans: 0, stepTimeoutMs: 1500 });
  expect((writer!.planning!.llm as LLM).model).toBe('openai/gpt-4o');
  expect(other!.planning).toMatchObject({ effort: 'high', maxSteps: 20 });
  expect(plain!.planning).toBeUndefined();
  const twice = `${AGENTS}  planning: { effort: low }\n  planning_config: { effort: high }\n`;
  expect(await problemsOf({ 'agents.yaml': twice, 'tasks.yaml': TASKS })).toEqual([
    'agents.yaml:6:3 planning_config of agent "writer" says again what another key says. Take one of them out.',
  ]);
});

const STORES = `
export const told = [];
export const tides = { name: 'tides', recall: async () => [{ text: 'Springs follow the moon', source: 'almanac' }] };
export const log = { name: 'log', recall: async () => [{ text: 'Brest: 7 m', source: 'log' }], remember: async ({ answer }) => void told.push(answer) };
export const pilotage = { name: 'pilotage', description: 'When asked of a bar', load: () => 'Wait for the flood.' };
export const nothing = {};
`;

test('memory, knowledge and skills are places in code; those of the crew file are for all agents, each once', async () => {
  const { asked, crew, output } = await run(
    {
      'agents.yaml': `${AGENTS}  memory: [./stores.mjs#log]\n  knowledge: ./stores.mjs#tides\n`,
      'crew.yaml':
        'memory: [./stores.mjs#log]\nknowledge_sources: [./stores.mjs#tides]\nskills: [./stores.mjs#pilotage]\n',
      'stores.mjs': STORES,
    },
    [
      ({ tools }) => ({
        toolCalls: [
          { tool: tools.find(({ name }) => name === 'load_skill')!.name, args: { name: 'pilotage' } },
        ],
      }),
      'Wait.',
    ],
  );
  expect(asked[0]).toContain('Springs follow the moon');
  expect(asked[0]).toContain('Brest: 7 m');
  expect(asked[0]).toContain('When asked of a bar');
  expect(asked[1]).toContain('Wait for the flood.');
  expect(output.text).toBe('Wait.');
  const [agent] = crew.agents;
  expect([agent!.memory.length, agent!.knowledge.length, agent!.skills.length]).toEqual([1, 1, 1]);
});

test("crewAI's memory: true has no effect, which is said with its place; false is nothing at all", async () => {
  const { notes, crew } = await run(
    { 'agents.yaml': `${AGENTS}  memory: true\n`, 'crew.yaml': 'memory: true\n' },
    ['A note'],
  );
  expect(notes.map(({ key, file, line }) => [key, file, line])).toEqual([
    ['memory', 'crew.yaml', 1],
    ['memory', 'agents.yaml', 5],
  ]);
  expect(crew.agents[0]!.memory).toEqual([]);
  const off = await run({ 'agents.yaml': `${AGENTS}  memory: false\n` }, ['A note']);
  expect(off.notes).toEqual([]);
});

test('step_callback of the crew is for the agents that have none of their own', async () => {
  await run(
    {
      'agents.yaml': `${AGENTS}pilot: { role: Pilot, goal: Steer, step_callback: ./hooks.mjs#own }\n`,
      'tasks.yaml': `${TASKS}steer:\n  description: Steer\n  expected_output: A course\n  agent: pilot\n`,
      'crew.yaml': 'step_callback: ./hooks.mjs#all\n',
      'hooks.mjs':
        "globalThis.heard = []; export const all = () => globalThis.heard.push('all'); export const own = () => globalThis.heard.push('own');",
    },
    ['A note', 'North'],
  );
  expect((globalThis as { heard?: unknown }).heard).toEqual(['all', 'own']);
});

test.each([
  ['inject_date: true\n  date_format: "%Q"', /^agents\.yaml:6:3 dateFormat/],
  ['tool_protocol: xml', /^agents\.yaml:5:3 toolProtocol must be .*"xml"/],
  ['inject_date: true\n  time_zone: Atlantis', /^agents\.yaml:6:3 timeZone/],
  ['on_memory_failure: shrug', /^agents\.yaml:5:3 onMemoryFailure/],
  ['max_rpm: 0', /^agents\.yaml:5:12 max_rpm of agent "writer" must be a whole number/],
  [
    'allow_delegation: true\n  allowed_delegates: [writr]',
    /^agents\.yaml:6:23 There is no agent "writr"\. Did you/,
  ],
  ['allowed_delegates: [writer]', /^agents\.yaml:5:3 agents\[0\]\.allowedDelegates is given/],
  [
    'memory: [./stores.mjs#nothing]',
    /^agents\.yaml:5:12 memory of agent "writer" names code that is not a memory/,
  ],
  [
    'skills: ./stores.mjs#tides',
    /^agents\.yaml:5:11 skills of agent "writer" names code that is not a skill/,
  ],
  ['planning: { effort: huge }', /^agents\.yaml:5:23 effort in planning of agent "writer" must be one of/],
  ['step_callback: ./stores.mjs#tides', /^agents\.yaml:5:18 step_callback .* not a function/],
])('what the class refuses is said at its line: %s', async (line, pattern) => {
  const files = { 'agents.yaml': `${AGENTS}  ${line}\n`, 'tasks.yaml': TASKS, 'stores.mjs': STORES };
  const problems = await problemsOf(files);
  expect(
    problems.filter((problem) => pattern.test(problem)),
    problems.join('\n'),
  ).not.toEqual([]);
});
