/** What README.md and docs say about the source is true of the source. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { readPage, readPages, root } from './pages.fixture.ts';

const source = (path: string): string => readFileSync(join(root, 'packages/regatta/src', path), 'utf8');

/** As GitHub makes anchors of headings. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = markdown.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} (.+)$/gm);
  return new Set(
    Array.from(headings, ([, text]) =>
      text!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

test('every link inside the repository leads somewhere', () => {
  for (const { path, text } of readPages()) {
    for (const [, target] of text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const [file, anchor] = target!.split('#');
      const to = file === '' ? path : join(dirname(path), file!);
      expect(existsSync(join(root, to)), `${path} links to ${target}`).toBe(true);
      if (anchor) expect(anchorsOf(readPage(to)), `${path} links to ${target}`).toContain(anchor);
    }
  }
});

test('docs/errors.md has each code once, with its details, and no others', () => {
  const details = /interface ErrorDetails \{\n(.*?)\n\}/s.exec(source('base/errors.ts'))![1]!;
  const codes = Array.from(details.matchAll(/^ {2}'([a-z]+\/[a-z-]+)'/gm), ([, code]) => code!);
  expect(codes.length).toBeGreaterThan(30);
  const rows = Array.from(readPage('docs/errors.md').matchAll(/^\| `([a-z]+\/[a-z-]+)` \|(.*)\|$/gm));
  expect(rows.map(([, code]) => code!).sort()).toEqual([...codes].sort());
  for (const [row, , cells] of rows) {
    expect(
      cells!.split('|').every((cell) => cell.trim() !== ''),
      row,
    ).toBe(true);
  }
});

test('docs/events-and-callbacks.md has each type of event', () => {
  const types = Array.from(
    source('protocol/event.ts').matchAll(/readonly type: '([a-z.]+)'/g),
    ([, type]) => type!,
  );
  const page = readPage('docs/events-and-callbacks.md');
  for (const type of types) expect(page).toContain(`| \`${type}\` |`);
});

test('docs/models.md has each provider', () => {
  const hosts = source('models/compatible-hosts.ts');
  const page = readPage('docs/models.md');
  for (const [, quoted, bare] of hosts.matchAll(/^ {2}(?:'([a-z-]+)'|([a-z]+)):/gm)) {
    expect(page).toContain(`| \`${quoted ?? bare}\` |`);
  }
  for (const [, variable] of source('models/providers.ts').matchAll(/'([A-Z][A-Z_]+_(?:KEY|URL))'/g)) {
    expect(page).toContain(`\`${variable}\``);
  }
});

test('tests that the documents name exist under this name', () => {
  const named = readPages().flatMap(({ path, text }) =>
    Array.from(text.matchAll(/“([^”]+)” in \[`([^`]+\.test\.ts)`\]/g), ([, title, file]) => ({
      path,
      title,
      file,
    })),
  );
  expect(named.length).toBeGreaterThan(5);
  for (const { path, title, file } of named) {
    expect(readPage(file!), `${path} names a test of ${file}`).toContain(title);
  }
});

/** A row of docs/defaults.md, by how it begins, and where the source has its value. */
const DEFAULTS: readonly (readonly [row: string, file: string, value: RegExp])[] = [
  ['`maxIter` of an agent', 'agent/definition.ts', /MAX_ITER = ([\d_]+)/],
  ['`maxOutputRetries` of an agent', 'agent/definition.ts', /MAX_OUTPUT_RETRIES = ([\d_]+)/],
  ['`timeoutMs` of a tool', 'tool/define-tool.ts', /TIMEOUT_MS = ([\d_]+)/],
  ['tool calls of one turn at once', 'tool/call-tools.ts', /TOOL_CONCURRENCY = ([\d_]+)/],
  ['`concurrency` of `kickoffForEach`', 'api/crew.ts', /FOR_EACH_CONCURRENCY = ([\d_]+)/],
  ['`timeoutMs` of an LLM', 'model/llm.ts', /TIMEOUT_MS = ([\d_]+)/],
  ['`retry.maxAttempts`', 'model/llm.ts', /maxAttempts: ([\d_]+)/],
  ['`retry.minDelayMs`', 'model/llm.ts', /minDelayMs: ([\d_]+)/],
  ['`retry.maxDelayMs`', 'model/llm.ts', /maxDelayMs: ([\d_]+)/],
  ['`retry.retry`', 'model/llm.ts', /retry: ('[a-z-]+')/],
  ['sockets for each origin', 'models/providers.ts', /connections = ([\d_]+)/],
  ['characters of a token in estimates', 'model/metered.ts', /CHARS_PER_TOKEN = ([\d_]+)/],
  ['output tokens that a budget reserves', 'model/metered.ts', /MAX_OUTPUT_TOKENS = ([\d_]+)/],
  ['`capacity`', 'observe/entry.ts', /CAPACITY = ([\d_]+)/],
  ['`onFull`', 'observe/entry.ts', /onFull \?\? ('[a-z-]+')/],
  ['`blockMs`', 'observe/entry.ts', /BLOCK_MS = ([\d_]+)/],
  ['`timeoutMs` of a callback', 'observe/entry.ts', / TIMEOUT_MS = ([\d_]+)/],
  ['`breakAfter`', 'observe/entry.ts', /BREAK_AFTER = ([\d_]+)/],
  ['`breakMs`', 'observe/entry.ts', /BREAK_MS = ([\d_]+)/],
  ['`timeoutMs` of a guard', 'api/callback.ts', /GUARD_TIMEOUT_MS = ([\d_]+)/],
  ['`bufferSize`', 'run/buffer.ts', /BUFFER_CAPACITY = ([\d_]+)/],
  ['`timeoutMs` of `flush`', 'run/run.ts', /FLUSH_TIMEOUT_MS = ([\d_]+)/],
  ['`timeoutMs` of `close`', 'run/runtime.ts', /CLOSE_TIMEOUT_MS = ([\d_]+)/],
  ['wait for the callbacks of a finished run', 'run/runtime.ts', /FORGET_TIMEOUT_MS = ([\d_]+)/],
];

test.each(DEFAULTS)('docs/defaults.md: %s is what the source says', (row, file, value) => {
  const given = value.exec(source(file))?.[1];
  expect(given, `${value} in ${file}`).toBeDefined();
  const said = /^\d/.test(given!) ? Number(given!.replaceAll('_', '')).toLocaleString('en') : `\`${given}\``;
  const line = readPage('docs/defaults.md')
    .split('\n')
    .find((text) => text.startsWith(`| ${row} |`));
  expect(line?.split('|')[2]?.trim(), row).toBe(said);
});

/** Where each option of a public interface is described. */
const OPTIONS: readonly (readonly [page: string, file: string, name: string])[] = [
  ['agents-tasks-crews.md', 'api/agent.ts', 'AgentOptions'],
  ['agents-tasks-crews.md', 'api/task.ts', 'TaskOptions'],
  ['agents-tasks-crews.md', 'api/crew.ts', 'CrewOptions'],
  ['tools.md', 'tool/define-tool.ts', 'ToolOptions'],
  ['tools.md', 'ports/tool.ts', 'ToolContext'],
  ['models.md', 'model/llm.ts', 'LlmSettings'],
  ['models.md', 'ports/model.ts', 'RetryPolicy'],
  ['events-and-callbacks.md', 'api/callback.ts', 'CallbackIdentity'],
  ['events-and-callbacks.md', 'api/callback.ts', 'CallbackOptions'],
  ['guards.md', 'api/callback.ts', 'GuardOptions'],
  ['guards.md', 'ports/guard.ts', 'GuardContext'],
  ['runs.md', 'api/crew.ts', 'KickoffOptions'],
  ['runs.md', 'api/crew.ts', 'KickoffForEachOptions'],
  ['runs.md', 'api/runtime.ts', 'RuntimeOptions'],
  ['runs.md', 'run/run.ts', 'Audit'],
  ['runs.md', 'observe/budget.ts', 'BudgetLimits'],
  ['runs.md', 'observe/rate-limit.ts', 'RateLimits'],
  ['testing.md', 'testing/scripted-model.ts', 'ScriptedModelOptions'],
];

test.each(OPTIONS)('docs/%s has each option of %s, %s', (page, file, name) => {
  const body = new RegExp(`interface ${name}\\b[^{]*\\{\\n(.*?)\\n\\}`, 's').exec(source(file))?.[1];
  const fields = Array.from(body!.matchAll(/^ {2}readonly (\w+)\??:/gm), ([, field]) => field!);
  expect(fields.length).toBeGreaterThan(0);
  const text = readPage(`docs/${page}`);
  for (const field of fields) expect(text, field).toContain(`\`${field}\``);
});
