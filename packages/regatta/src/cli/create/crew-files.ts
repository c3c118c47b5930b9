/** A new project: a crew that runs at once, with a tool and tests. */
import { projectSchema } from '../../project/index.ts';
import { GUARDRAIL_FILES } from './guardrail-file.ts';
import { toolFiles } from './tool-files.ts';
import { TS_CREW, TS_TEST } from './ts-crew.ts';
import type { NewFiles } from './write-files.ts';

export interface CrewPlan {
  readonly name: string;
  /** `provider/model`. */
  readonly llm: string;
  /** Variable of the provider's key; undefined where it needs none. */
  readonly keyVariable: string | undefined;
  /** Whether the crew is written in TypeScript, and not as YAML. */
  readonly isTypeScript: boolean;
  /** Versions to pin. */
  readonly versions: { readonly regatta: string; readonly zod: string };
}

export function crewFiles(plan: CrewPlan): NewFiles {
  return {
    'package.json': packageFile(plan),
    'README.md': readme(plan),
    '.gitignore': 'node_modules/\n.env\n.env.*\n!.env.example\nreport.md\n',
    '.env.example': envExample(plan),
    ...(plan.isTypeScript ? { 'crew.ts': tsCrew(plan) } : yamlFiles(plan)),
    'crew.test.ts': plan.isTypeScript ? TS_TEST : YAML_TEST,
    ...toolFiles('word_count'),
    ...GUARDRAIL_FILES,
  };
}

function packageFile({ name, versions }: CrewPlan): string {
  const content = {
    name: name.toLowerCase(),
    private: true,
    type: 'module',
    engines: { node: '>=22.19' },
    scripts: {
      start: 'regatta run',
      rehearse: 'regatta run . --rehearse --input topic=tides',
      test: 'node --test',
    },
    dependencies: versions,
  };
  return `${JSON.stringify(content, null, 2)}\n`;
}

function envExample({ llm, keyVariable }: CrewPlan): string {
  const line = keyVariable === undefined ? '' : `${keyVariable}=\n`;
  return `# Copy to .env, and fill in. regatta run reads .env of the folder; what the shell has set wins.\n# The model is ${llm}.\n${line}`;
}

function yamlFiles({ name, llm }: CrewPlan): NewFiles {
  const schema = (file: 'agents' | 'tasks' | 'crew'): string =>
    `${JSON.stringify(projectSchema(file), null, 2)}\n`;
  return {
    'agents.yaml': `# yaml-language-server: $schema=.regatta/agents.schema.json
researcher:
  role: >
    {topic} researcher
  goal: >
    Find what matters about {topic}
  backstory: >
    You read a lot, and you keep what can be checked.

writer:
  role: >
    Writer
  goal: >
    Explain in few words
  backstory: >
    You write for people who have one minute.
  tools:
    - word_count
`,
    'tasks.yaml': `# yaml-language-server: $schema=.regatta/tasks.schema.json
research:
  description: >
    Research {topic}. Say what is known, and what is not.
  expected_output: >
    Ten points, each in one sentence
  agent: researcher

report:
  description: >
    Write a report on {topic} from the research, of at most 200 words.
  expected_output: >
    A title and three paragraphs
  agent: writer
  context:
    - research
  # guardrails/short_enough.ts looks at the report, and sends it back where it is too long.
  guardrails:
    - short_enough
  markdown: true
  output_file: report.md
`,
    'crew.yaml': `# yaml-language-server: $schema=.regatta/crew.schema.json
name: ${name}
process: sequential
# Agents that name no llm use this one. Its key belongs into .env.
llm: ${llm}
# Inputs that a run has unless it is given others. regatta run asks for those that are missing.
inputs: {}
`,
    '.regatta/agents.schema.json': schema('agents'),
    '.regatta/tasks.schema.json': schema('tasks'),
    '.regatta/crew.schema.json': schema('crew'),
  };
}

function tsCrew({ name, llm }: CrewPlan): string {
  return TS_CREW.replace('NAME', name).replace('MODEL', llm);
}

const YAML_TEST = `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRuntime } from 'regatta';
import { loadProject } from 'regatta/project';

test('the crew runs from its first task to its last, on no model', async () => {
  const { crew, inputs } = await loadProject(import.meta.dirname);
  const runtime = createRuntime({ rehearse: true });
  const output = await runtime.run(crew, { inputs: { ...inputs, topic: 'tides' } });
  assert.deepEqual(
    output.tasks.map(({ task }) => task),
    ['research', 'report'],
  );
  assert.match(output.text, /word_count/); // the writer used its tool
  await runtime.close();
});
`;

function readme({ name, isTypeScript, keyVariable }: CrewPlan): string {
  const crew = isTypeScript
    ? '`crew.ts` has the agents, the tasks and the crew.'
    : '`agents.yaml` has the agents, `tasks.yaml` the tasks in order, and `crew.yaml` what holds for all of them. `.regatta` has the schemas by which editors check and complete these files; `regatta schema` prints them anew.';
  const key =
    keyVariable === undefined ? '' : `cp .env.example .env               # and fill in ${keyVariable}\n`;
  return `# ${name}

A crew of agents, made with Regatta.

\`\`\`sh
npm install
npm run rehearse                   # the whole crew on no model: no key, no network
npm test
${key}npm start -- --input topic=tides
\`\`\`

${crew} \`tools\` has what agents can do; \`npx regatta create tool NAME\` adds one. \`guardrails\` has what looks at an answer before it counts. The report is written to \`report.md\`.
`;
}
