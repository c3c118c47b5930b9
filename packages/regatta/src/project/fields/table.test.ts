import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { camelCase, type Owner, spellingsOf } from './field.ts';
import { llm } from './llm-kind.ts';
import { FIELDS, findField } from './table.ts';

const owners: readonly (readonly [Owner, string, string])[] = [
  ['agent', 'api/agent.ts', 'AgentOptions'],
  ['task', 'api/task.ts', 'TaskOptions'],
  ['crew', 'api/crew-options.ts', 'CrewOptions'],
];

/** Options that are given in code alone. */
const IN_CODE: Readonly<Record<Owner, readonly string[]>> = {
  agent: [],
  task: [],
  crew: ['agents', 'tasks', 'ref'],
};

function optionsOf(file: string, name: string): readonly string[] {
  const source = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8');
  const body = new RegExp(`interface ${name}\\b[^{]*\\{\\n(.*?)\\n\\}`, 's').exec(source)![1]!;
  return Array.from(body.matchAll(/^ {2}readonly (\w+)\??:/gm), ([, option]) => option!);
}

function takenBy(owner: Owner): readonly string[] {
  return [
    ...new Set(
      FIELDS[owner].flatMap((field) =>
        'option' in field && field.becomes === undefined ? field.option : [],
      ),
    ),
  ];
}

test.each(owners)('each key of %s is an option of its class, or says where it goes', (owner, file, name) => {
  const options = optionsOf(file, name);
  expect(takenBy(owner).filter((option) => !options.includes(option))).toEqual([]);
});

test.each(owners)('each option of %s has a key, or is known to be given in code', (owner, file, name) => {
  const options = optionsOf(file, name);
  expect(options.length).toBeGreaterThan(5);
  expect([...takenBy(owner), ...IN_CODE[owner]]).toEqual(expect.arrayContaining([...options]));
});

test.each(owners)('no spelling of a key of %s is claimed by two rows', (owner) => {
  const spellings = FIELDS[owner].flatMap(spellingsOf);
  expect(spellings.filter((key, index) => spellings.indexOf(key) !== index)).toEqual([]);
});

test('reasons are whole sentences, and a refusal says what to do', () => {
  for (const owner of ['agent', 'task', 'crew'] as const) {
    for (const field of FIELDS[owner]) {
      const text = 'ignored' in field ? field.ignored : 'refused' in field ? field.refused : field.doc;
      expect(text, field.keys[0]).toMatch(/^[A-Z].*\.$/);
      if ('refused' in field)
        expect(text.match(/[.!?](?= |$)/g)?.length, field.keys[0]).toBeGreaterThanOrEqual(2);
    }
  }
});

/** Every field of crewAI's classes that a file may hold: its own JSON loader takes all but those of a run. */
const CREWAI: Readonly<Record<Owner, string>> = {
  agent: `role goal backstory cache verbose max_rpm allow_delegation tools max_iter tool_failure_policy i18n llm
    function_calling_llm max_tokens knowledge_sources knowledge_config embedder security_config checkpoint callbacks apps
    mcps memory skills max_execution_time step_callback use_system_prompt system_template prompt_template
    response_template allow_code_execution code_execution_mode respect_context_window max_retry_limit multimodal
    inject_date date_format planning planning_config reasoning max_reasoning_attempts from_repository guardrail
    guardrail_max_retries a2a executor_class type`,
  task: `name description expected_output agent context async_execution tools output_pydantic output_json response_model
    converter_cls output_file create_directory human_input markdown callback guardrail guardrails guardrail_max_retries
    max_retries tool_failure_policy input_files allow_crewai_trigger_context security_config condition type`,
  crew: `name tasks agents process verbose memory embedder cache tool_failure_policy manager_llm manager_agent
    function_calling_llm config share_crew step_callback task_callback before_kickoff_callbacks after_kickoff_callbacks
    stream max_rpm prompt_file trained_agents_file output_log_file planning planning_llm knowledge_sources chat_llm skills
    security_config checkpoint tracing inputs`,
};

test.each(Object.entries(CREWAI))(
  'each key of a crewAI %s is taken, ignored with a reason, or refused with one',
  (owner, keys) => {
    const unknown = keys.split(/\s+/).filter((key) => findField(owner as Owner, key) === undefined); // keys of the object above
    expect(unknown).toEqual([]);
  },
);

test('keys may be written as options are', () => {
  expect(findField('task', 'expectedOutput')).toBe(findField('task', 'expected_output'));
  expect(camelCase('max_execution_time_ms')).toBe('maxExecutionTimeMs');
});

test('docs/projects.md has each key with what becomes of it, and each setting of a model', () => {
  const page = readFileSync(new URL('../../../../../docs/projects.md', import.meta.url), 'utf8');
  const [, ...tables] = page.split(/^### Keys of .*$/m);
  expect(tables).toHaveLength(3);
  for (const [index, [owner]] of owners.entries()) {
    const rows = tables[index]!.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows).toEqual(
      FIELDS[owner].map((field) => {
        const keys = field.keys.map((key) => `\`${key}\``).join(', ');
        if ('ignored' in field) return `| ${keys} | no effect | ${field.ignored} |`;
        if ('refused' in field) return `| ${keys} | refused | ${field.refused} |`;
        return 'isOwn' in field
          ? `| ${keys} | | ${field.doc} |`
          : `| ${keys} | ${field.becomes ?? `\`${field.option}\``} | ${field.doc} |`;
      }),
    );
  }
  const settings = llm.schema.anyOf as readonly { readonly properties?: object }[]; // a text, or a mapping
  const known = settings.flatMap(({ properties = {} }) => Object.keys(properties));
  expect(known.length).toBeGreaterThan(10);
  for (const key of known) expect(page).toContain(`\`${key}\``);
});
