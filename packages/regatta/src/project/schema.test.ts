import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Validator } from '@cfworker/json-schema';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { AGENTS, TASKS } from './project.fixture.ts';
import { projectSchema, type SchemaName } from './schema.ts';

function check(name: SchemaName, text: string): readonly string[] {
  const { errors } = new Validator(structuredClone(projectSchema(name)), '7', false).validate(parse(text));
  return errors.map(({ instanceLocation, error }) => `${instanceLocation}: ${error}`);
}

test('the schemas take the files that the loader takes', () => {
  const folder = fileURLToPath(new URL('fixtures/starter/src/harbour/config', import.meta.url));
  for (const file of readdirSync(folder)) {
    const name = file === 'agents.yaml' ? 'agents' : 'tasks';
    expect(check(name, readFileSync(join(folder, file), 'utf8')), file).toEqual([]);
  }
  expect(
    check(
      'agents',
      `${AGENTS}  llm: { model: a/b, base_url: "http://x" }\n  tools: [a, { module: ./b.ts, export: c }]\n  maxIter: 3\n`,
    ),
  ).toEqual([]);
  expect(
    check(
      'agents',
      `${AGENTS}  planning: { effort: low, step_timeout: 2, llm: a/b }\n  memory: [./m.ts#a]\n  allowed_delegates: [x]\n`,
    ),
  ).toEqual([]);
  expect(
    check(
      'tasks',
      `${TASKS}  context: [a]\n  output: { type: object }\n  context_strategy: { fields: a }\n  input_files: { a: ./a.txt, b: { data: ./b, media_type: text/plain } }\n`,
    ),
  ).toEqual([]);
  expect(
    check('crew', 'planning: { llm: a/b }\ndecide: vote\noutput_log_file: true\nmemory: true\n'),
  ).toEqual([]);
  expect(
    check(
      'crew',
      'name: a\nagents: [writer]\ntasks: [{ name: note, agent: writer }, other]\ninputs: { a: 1 }\nverbose: true\nllm:\n',
    ),
  ).toEqual([]);
  expect(
    check('crew', 'agents: { writer: }\ntasks: { note: { agent: writer } }\nbudget: { usd: 0.5 }\n'),
  ).toEqual([]);
});

test.each<readonly [SchemaName, string]>([
  ['agents', 'writer:\n  gaol: x\n'],
  ['agents', 'writer:\n  max_iter: 0\n'],
  ['agents', 'writer:\n  max_iter: many\n'],
  ['agents', 'writer:\n  llm: { model: a/b, api_key: x }\n'],
  ['agents', 'writer: Writer\n'],
  ['tasks', 'note:\n  agent: [a]\n'],
  ['tasks', 'note:\n  converter_cls: done\n'],
  ['agents', 'writer:\n  planning: { effort: huge }\n'],
  ['tasks', 'note:\n  context_strategy: half\n'],
  ['crew', 'process: anarchy\n'],
  ['crew', 'tasks: [{ agent: writer }]\n'],
  ['crew', 'packages: zod\n'],
])('the schema of %s refuses what the loader refuses: %j', (name, text) => {
  expect(check(name, text)).not.toEqual([]);
});

test('each key has a description, and what has no effect is marked', () => {
  const { additionalProperties } = projectSchema('agents') as {
    additionalProperties: { properties: Record<string, { description?: string; deprecated?: boolean }> };
  };
  const { role, verbose, executor_class } = additionalProperties.properties;
  expect(role?.description).toContain('Who it is');
  expect(verbose).toMatchObject({ deprecated: true, description: expect.stringContaining('No effect.') });
  expect(executor_class).toMatchObject({ deprecated: true });
});
