import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRuntime, type KickoffOptions } from '../index.ts';
import { checkTrace, scriptedModel } from '../testing/index.ts';
import { loadProject } from './load-project.ts';
import { AGENTS, problemsOf, writeProject } from './project.fixture.ts';

type Replies = Parameters<typeof scriptedModel>[0];

/** A task of `lines`, as crewAI's files write one. */
function task(key: string, ...lines: readonly string[]): string {
  const all = [`description: Do ${key}`, 'expected_output: A line', ...lines];
  return `${key}:\n${all.map((line) => `  ${line}\n`).join('')}`;
}

async function run(
  files: Readonly<Record<string, string>>,
  replies: Replies,
  options: Pick<KickoffOptions, 'onInput' | 'inputs'> = {},
) {
  const folder = writeProject({ 'agents.yaml': AGENTS, ...files });
  const { crew } = await loadProject(folder);
  const model = scriptedModel(replies);
  await using runtime = createRuntime({ llm: model });
  const begun = runtime.start(crew, options);
  const events = await Array.fromAsync(begun.events());
  checkTrace(events as Parameters<typeof checkTrace>[0]); // nothing was dropped, so there are no gaps
  const output = await begun.result;
  return {
    folder,
    crew,
    output,
    model,
    asked: model.requests.map(({ messages }) => JSON.stringify(messages)),
  };
}

test('an output file is written below the project, with inputs in its name and the answer in Markdown', async () => {
  const { folder, asked } = await run(
    {
      'tasks.yaml': task('note', 'markdown: true', 'output_file: out/{port}.md', 'create_directory: true'),
      'crew.yaml': 'output_log_file: true\n',
    },
    ['# Brest'],
    { inputs: { port: 'brest' } },
  );
  expect(readFileSync(join(folder, 'out/brest.md'), 'utf8')).toContain('# Brest');
  expect(readFileSync(join(folder, 'logs.txt'), 'utf8')).toContain('run');
  expect(asked[0]).toMatch(/markdown/i);
});

test('guardrails: a function in code and a sentence that a model judges by send an answer back', async () => {
  const { output, asked, model } = await run(
    {
      'tasks.yaml': task(
        'note',
        'guardrails: [no_blanks, The answer must name a port.]',
        'guardrail_max_retries: 2',
      ),
      'guardrails/no_blanks.mjs':
        "export default ({ text }) => text.includes(' ') ? { accepted: false, feedback: 'No blanks, please.' } : { accepted: true };",
    },
    [
      'two words',
      '{"accepted":true,"feedback":""}', // both look at each answer
      'Nowhere',
      '{"accepted":false,"feedback":"It names none."}',
      'Brest',
      '{"accepted":true,"feedback":""}',
    ],
  );
  expect(output.text).toBe('Brest');
  expect(asked[1]).toContain('The answer must name a port.');
  expect(asked[2]).toContain('No blanks, please.');
  expect(asked[4]).toContain('It names none.');
  expect(model.requests).toHaveLength(6);
});

test('human_input: a person sends the draft back, and accepts the next one', async () => {
  const answers = [{ accepted: false, feedback: 'Shorter.' } as const, { accepted: true } as const];
  const seen: unknown[] = [];
  const { output, asked } = await run(
    { 'tasks.yaml': task('note', 'human_input: true') },
    ['A long note', 'Note'],
    {
      onInput: ({ subject }) => {
        seen.push(subject);
        return answers[seen.length - 1]!;
      },
    },
  );
  expect(seen).toEqual(['A long note', 'Note']);
  expect(asked[1]).toContain('Shorter.');
  expect(output.text).toBe('Note');
});

test('async_execution, after, when, retries and callback do what they say', async () => {
  const { output, asked } = await run(
    {
      'tasks.yaml':
        task('first', 'async_execution: true', 'callback: told') +
        task('second', 'context: []', 'after: [first]', 'retries: 1') +
        task('third', 'when: ./hooks.mjs#never') +
        task('fourth', 'context: [first]', 'condition: ./hooks.mjs#always'),
      'hooks.mjs':
        'globalThis.toldOf = []; export const told = ({ text }) => void globalThis.toldOf.push(text); export const never = () => false; export const always = (outputs) => outputs[0].text === "One";',
    },
    ['One', { error: new Error('no wind') }, 'Two', 'Four'],
  );
  expect(output.tasks.map(({ text, skipped }) => [text, skipped])).toEqual([
    ['One', undefined],
    ['Two', undefined],
    ['', true],
    ['Four', undefined],
  ]);
  expect((globalThis as { toldOf?: unknown }).toldOf).toEqual(['One']);
  expect(asked[1]).not.toContain('One'); // waited for, and not read
  expect(asked[3]).toContain('One');
});

test('output_json takes a schema; what does not fit is sent back', async () => {
  const { output, asked } = await run(
    {
      'tasks.yaml': task(
        'note',
        'output_json: { type: object, properties: { knots: { type: number } }, required: [knots] }',
      ),
    },
    ['windy', '{"knots":12}'],
  );
  expect(output.parsed).toEqual({ knots: 12 });
  expect(asked).toHaveLength(2);
});

test('input_files: paths begin at the project, with or without a media type; URLs stay', async () => {
  const { asked, crew, folder } = await run(
    {
      'tasks.yaml': task(
        'note',
        'input_files: { chart: ./chart.txt, log: { path: log.bin, media_type: text/plain } }',
      ),
      'chart.txt': 'Rocks to port',
      'log.bin': 'Wind west',
    },
    ['Seen'],
  );
  expect(asked[0]).toContain('Rocks to port');
  expect(asked[0]).toContain('Wind west');
  expect(crew.tasks[0]!.inputFiles.chart).toMatchObject({ value: join(folder, 'chart.txt') });
  const remote = writeProject({
    'agents.yaml': AGENTS,
    'tasks.yaml': task('note', 'input_files: { chart: "https://example.com/a.png" }'),
  });
  const loaded = await loadProject(remote);
  expect(loaded.crew.tasks[0]!.inputFiles.chart).toMatchObject({
    kind: 'url',
    value: 'https://example.com/a.png',
  });
});

test("on_tool_failure, and crewAI's words for it: a failure of a tool is told to the model, or ends the task", async () => {
  const files = (crew: string, ...lines: readonly string[]) => ({
    'tasks.yaml': task('note', 'tools: [./tool.mjs#gauge]', ...lines),
    'crew.yaml': crew,
    'tool.mjs':
      "export const gauge = { name: 'gauge', description: 'A tool', inputSchema: { type: 'object', properties: {} }, timeoutMs: 1000, maxUses: undefined, parse: async (value) => ({ isValid: true, value }), execute: () => { throw new Error('It is dry'); } };",
  });
  const replies: Replies = [{ toolCalls: [{ tool: 'gauge', args: {} }] }, 'No depth'];
  const told = await run(files('tool_failure_policy: raise\n', 'tool_failure_policy: warn'), replies);
  expect(told.output.text).toBe('No depth');
  await expect(run(files('on_tool_failure: fail\n'), replies)).rejects.toMatchObject({ code: 'tool/failed' });
  await expect(run(files('{}', 'tool_failure_policy: raise'), replies)).rejects.toMatchObject({
    code: 'tool/failed',
  });
});

test('context_strategy and max_context_tokens say how much of earlier answers is told', async () => {
  const { asked } = await run(
    {
      'tasks.yaml':
        task('list', 'output: { type: object, properties: { port: {}, rocks: {} } }') +
        task('note', 'context: [list]', 'context_strategy: { fields: [port] }', 'max_context_tokens: 500') +
        task('end', 'context: [note]', 'context_strategy: none'),
    },
    ['{"port":"Brest","rocks":"many"}', 'Brested', 'Done'],
  );
  expect(asked[1]).toContain('Brest');
  expect(asked[1]).not.toContain('many');
  expect(asked[2]).not.toContain('Brested');
});

test.each([
  ['output_file: ../out.md', /^tasks\.yaml:4:3 outputFile must be the path of a file below/],
  ['max_context_tokens: 3', /^tasks\.yaml:4:3 maxContextTokens/],
  ['context_strategy: half', /^tasks\.yaml:4:21 context_strategy .* one of full, summary, none/],
  ['input_files: [a]', /^tasks\.yaml:4:16 input_files .* must be a mapping of names to files/],
  ['input_files: { a: { media_type: text/plain } }', /^tasks\.yaml:4:21 a in input_files .* must be a file/],
  ['input_files: { a: { data: ./a, media_type: text } }', /^tasks\.yaml:4:3 inputFiles\.a\.mediaType/],
  ['guardrail: gone', /^tasks\.yaml:4:14 guardrail of task "note": Nothing in the project is called "gone"/],
  ['agents: [writr]', /^tasks\.yaml:4:12 There is no agent "writr"\. Did you mean "writer"/],
  ['agents: [writer]', /^tasks\.yaml:4:3 tasks\[0\]\.agents is for the process "consensus"/],
])('what is wrong with a task is said at its line: %s', async (line, pattern) => {
  const problems = await problemsOf({ 'agents.yaml': AGENTS, 'tasks.yaml': task('note', line) });
  expect(
    problems.filter((problem) => pattern.test(problem)),
    problems.join('\n'),
  ).not.toEqual([]);
  expect(existsSync('logs.txt')).toBe(false);
});
