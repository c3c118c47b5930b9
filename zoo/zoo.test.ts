/** The zoo is complete and up to date. Whether its mutants are killed is for `npm run zoo`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exemptions, findMutant, mutants, RACES, sections } from './mutants.ts';
import { applyPatch, root, source } from './patch.ts';
import { renderTable } from './table.ts';
import { outcomesOf, verdictOf } from './verdict.ts';

test('every race has words, and a mutant or a reason why not', () => {
  const races = Array.from({ length: RACES }, (_, index) => `R${String(index + 1).padStart(2, '0')}`);
  expect(sections.flatMap((section) => Object.keys(section.races)).sort()).toEqual(races);
  const covered = [...mutants, ...exemptions].map(({ race }) => race);
  expect([...new Set(covered)].sort()).toEqual(races);
  const exempt = new Set(exemptions.map(({ race }) => race));
  expect(mutants.filter(({ race }) => exempt.has(race))).toEqual([]);
});

test.each(mutants)('$id, $title: its place is there once, and its test by its name', (mutant) => {
  const text = readFileSync(join(source, mutant.file), 'utf8');
  expect(applyPatch(text, mutant)).not.toBe(text);
  expect(readFileSync(join(root, mutant.test), 'utf8')).toContain(mutant.name);
});

/** Sources of the package that are published. */
const published = readdirSync(source, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /(?<!\.(test|test-d|fixture))\.ts$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name));

test.each(exemptions)(
  '$race cannot occur: the source holds nothing that would make it possible',
  (exemption) => {
    const { forbids, within = [''], absent = [] } = exemption;
    expect(forbids ?? absent[0]).toBeDefined();
    expect(absent.filter((path) => existsSync(join(source, path)))).toEqual([]);
    const found = published
      .filter((path) => within.some((folder) => path.startsWith(join(source, folder))))
      .filter((path) => forbids?.test(readFileSync(path, 'utf8')));
    expect(found).toEqual([]);
  },
);

test('docs/zoo.md is what the data says; npm run zoo writes it', () => {
  expect(readFileSync(join(root, 'docs/zoo.md'), 'utf8')).toBe(renderTable());
});

test('a patch that does not fit, and a mutant that is not known, are refused', () => {
  const patch = { file: 'a.ts', find: 'x', replace: '$&' };
  expect(applyPatch('axb', patch)).toBe('a$&b');
  expect(() => applyPatch('x x', patch)).toThrow('"x" occurs 2 times in a.ts');
  expect(() => applyPatch('', patch)).toThrow('"x" occurs 0 times');
  expect(() => findMutant('R00')).toThrow('There is no mutant "R00"');
});

const reportOf = (status: string, message = '') =>
  JSON.stringify({
    testResults: [
      {
        message: '',
        assertionResults: [
          { fullName: 'suite a test', status, failureMessages: message === '' ? [] : [message] },
          { fullName: 'suite another', status: 'skipped', failureMessages: [] },
        ],
      },
    ],
  });

test.each([
  ['passed', '', 'SURVIVED'],
  ['failed', 'AssertionError: expected 1 to be 2', 'killed'],
  ['failed', 'Error: Property failed after 3 tests\nGot AssertionError: expected 1 to be 2', 'killed'],
  ['failed', 'Error: Test timed out in 6000ms.', 'killed'],
  ['failed', 'ReferenceError: scope is not defined', 'broken'],
  ['skipped', '', 'broken'],
])('a test that %s with %j means %s', (status, message, verdict) => {
  expect(verdictOf(outcomesOf(reportOf(status, message), 'a test')).status).toBe(verdict);
});

test('a file that does not load kills nothing', () => {
  const report = { testResults: [{ message: 'SyntaxError: Unexpected token', assertionResults: [] }] };
  expect(verdictOf(outcomesOf(JSON.stringify(report), 'a test'))).toEqual({
    status: 'broken',
    why: 'SyntaxError: Unexpected token',
  });
  expect(verdictOf(outcomesOf('', 'a test')).status).toBe('broken');
});
