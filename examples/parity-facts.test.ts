/** What docs/crewai-parity.md claims has a test, every option of ours is in it, and defaults agree. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPage, root } from './pages.fixture.ts';

/** Files that rows may name before they, or tests in them, are there. Empty = all of them are. */
const PENDING_TESTS: readonly string[] = [];

const STATUSES = ['same', 'different', 'left out', 'later'];
const src = join(root, 'packages/regatta/src');
const page = readPage('docs/crewai-parity.md');

interface Row {
  readonly crewai: string;
  readonly status: string;
  readonly here: string;
  readonly tests: readonly { readonly file: string; readonly title: string }[];
}

/** Below a heading of the second level; all of them by default. */
function rowsOf(section?: string): readonly Row[] {
  const text = section === undefined ? page : sectionOf(section);
  return text
    .split('\n')
    .filter(
      (line) =>
        /^\| .*\|$/.test(line) &&
        !/^\| (crewAI|wish|status) \||^\|---|^\| `(same|different|left out|later)` \| [^|]*\|$/.test(line),
    )
    .map(toRow);
}

function sectionOf(heading: string): string {
  const [, text] = new RegExp(`^## ${heading}$(.*?)(?=^## |$(?![\\s\\S]))`, 'ms').exec(page) ?? [];
  if (text === undefined) throw new Error(`There is no section "${heading}".`);
  return text;
}

function toRow(line: string): Row {
  const cells = line.split('|').slice(1, -1);
  if (cells.length !== 4) throw new Error(`A row has ${cells.length} cells: ${line}`);
  const [crewai, status, here, tests] = cells.map((cell) => cell.trim()) as [string, string, string, string]; // counted above
  return { crewai, status: status.replaceAll('`', ''), here, tests: toTests(tests) };
}

function toTests(cell: string): Row['tests'] {
  if (cell === '') return [];
  return cell.split('<br>').map((one) => {
    const [, file, title] = /^`([\w/-]+\.test\.ts)`: (.+)$/.exec(one) ?? [];
    if (file === undefined || title === undefined) throw new Error(`No test is named by "${one}".`);
    return { file, title };
  });
}

const rows = rowsOf();

test('each row has one of four statuses, and says something', () => {
  expect(rows.length).toBeGreaterThan(200);
  for (const { crewai, status, here } of rows) {
    expect(STATUSES, crewai).toContain(status);
    expect(crewai, here).not.toBe('');
    if (status === 'left out' || status === 'different') expect(here, crewai).not.toBe('');
  }
});

test('what is the same or different has a test, and what is left out or later claims none', () => {
  for (const { crewai, status, tests } of rows) {
    expect(tests.length > 0, crewai).toBe(status === 'same' || status === 'different');
  }
});

test('each test that is named exists, by file and title, but for those that are pending', () => {
  const sources = new Map<string, string>();
  const pending = new Set<string>();
  for (const { crewai, tests } of rows) {
    for (const { file, title } of tests) {
      const path = join(src, file);
      const source = sources.get(file) ?? (existsSync(path) ? readFileSync(path, 'utf8') : '');
      sources.set(file, source);
      const literals = [`'${title.replaceAll("'", "\\'")}'`, `"${title}"`, `\`${title}\``];
      if (literals.some((text) => source.includes(text))) continue;
      expect(PENDING_TESTS, `${crewai} names "${title}" of ${file}`).toContain(file);
      pending.add(file);
    }
  }
  expect([...pending].sort(), 'take out of the list what is there now').toEqual(PENDING_TESTS);
});

/** An interface of options, and the section that has each of them. */
const OPTIONS: readonly (readonly [section: string, name: string, owner?: string])[] = [
  ['Agents', 'AgentOptions', 'of an agent'],
  ['Agents', 'PlanningOptions'],
  ['Agents', 'AgentKickoffOptions'],
  ['Agents', 'ClaimOptions'],
  ['Tasks', 'TaskOptions', 'of a task'],
  ['Crews', 'CrewOptions', 'of a crew'],
  ['Crews', 'KickoffOptions'],
  ['Crews', 'KickoffForEachOptions'],
  ['Crews', 'ClaimOptions'],
  ['Crews', 'ForkOptions'],
  ['Crews', 'ReplayOptions'],
  ['Crews', 'TrainOptions'],
  ['Crews', 'TestOptions'],
];

/** All that users write to, as one text: an option is found wherever its interface is. */
const api = readdirSync(join(src, 'api'))
  .filter((file) => file.endsWith('.ts') && !file.includes('.test'))
  .map((file) => readFileSync(join(src, 'api', file), 'utf8'))
  .join('\n');

interface Option {
  readonly name: string;
  /** As its comment says. */
  readonly defaultText: string | undefined;
}

function optionsOf(name: string): readonly Option[] {
  const [, body] = new RegExp(`interface ${name}\\b[^{]*\\{\\n(.*?)\\n\\}`, 's').exec(api) ?? [];
  const found = (body ?? '').matchAll(/(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)?\s*^ {2}readonly (\w+)\??:/gm);
  return Array.from(found, ([, comment = '', option = '']) => ({
    name: option,
    defaultText: /@default (.+?)\s*(?:\*\/|\n)/.exec(comment)?.[1]?.replaceAll('`', ''),
  }));
}

test.each(OPTIONS.map(([section, name]) => [section, name] as const))(
  '%s has each option of %s',
  (section, name) => {
    const options = optionsOf(name);
    expect(options.length).toBeGreaterThan(0);
    const here = rowsOf(section)
      .map((row) => row.here)
      .join('\n');
    const missing = options.filter((option) => !new RegExp(`\`${option.name}[\`:]`).test(here));
    expect(missing.map((option) => option.name)).toEqual([]);
  },
);

test.each(['Agents', 'Tasks', 'Crews'])('%s: a default that is said is the one of the comment', (section) => {
  const known = Map.groupBy(
    OPTIONS.filter(([own]) => own === section).flatMap(([, name]) => optionsOf(name)),
    ({ name }) => name,
  );
  const said = rowsOf(section).flatMap(({ here }) => Array.from(here.matchAll(/`(\w+)` \(([^)\s]+)\)/g)));
  expect(said.length).toBeGreaterThan(3);
  for (const [text, option = '', value] of said) {
    const defaults = known.get(option)?.map(({ defaultText }) => defaultText);
    if (defaults !== undefined) expect(defaults, text).toContain(value);
  }
});

test('docs/defaults.md says of each option what its comment says', () => {
  const lines = readPage('docs/defaults.md').split('\n');
  let compared = 0;
  for (const [, name, owner] of OPTIONS) {
    for (const { name: option, defaultText } of optionsOf(name)) {
      const line = lines.find((text) => text.startsWith(`| \`${option}\` ${owner} |`));
      if (owner === undefined || line === undefined || defaultText === undefined) continue;
      const value = (line.split('|')[2] ?? '')
        .trim()
        .replaceAll('`', '')
        .replace(/(\d),(?=\d)/g, '$1');
      expect(value, `${option} ${owner}`).toBe(defaultText.replace(/^no limit$/, 'none'));
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(15);
});

test('Commands has each command and each option of ours', () => {
  const files = ['main', 'project-commands', 'runs-program'].map((file) => join(src, 'cli', `${file}.ts`));
  const program = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  const options = new Set(
    Array.from(
      program.matchAll(/(?:\.option|new Option)\(\s*'(?:-\w, )?(--[a-z-]+)/g),
      ([, option]) => option ?? '',
    ),
  );
  const commands = new Set(
    Array.from(program.matchAll(/\.command\('([a-z-]+)'/g), ([, command]) => command ?? ''),
  );
  expect([options.size > 15, commands.size > 8]).toEqual([true, true]);
  const text = sectionOf('Commands');
  const isNamed = (word: string | undefined) => new RegExp(`[\` ]${word}[\` ,;:]`).test(text);
  expect([...options, ...commands].filter((word) => !isNamed(word))).toEqual([]);
});
