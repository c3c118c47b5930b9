import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Findings } from './findings.ts';
import { parseSource } from './parse.ts';
import { plainOf } from './value.ts';

async function parse(file: string, text: string) {
  const findings = new Findings('test');
  const value = await parseSource({ file, text }, findings);
  findings.throwIfAny();
  return value;
}

/** JSON as a person writes it: with blanks, comments and trailing commas between its parts. */
function commented(json: string, pieces: readonly string[]): string {
  let next = 0;
  const piece = (): string => pieces[next++ % pieces.length] ?? '';
  return json.replace(/"(?:[^"\\]|\\.)*"|[{}[\],:]/g, (token) => {
    if (token === '}' || token === ']') return `${piece()}${token}`;
    return token.startsWith('"') ? token : `${token}${piece()}`;
  });
}

test('JSON with comments reads as the JSON without them, whatever the texts hold', async () => {
  const pieces = fc.array(
    fc.constantFrom('', ' ', '\n', ' // note "x" {\n', '/* [ , */', '\n/* a\n b */ ', '\t'),
    { minLength: 1 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(fc.string(), fc.jsonValue({ depthSize: 'small' })),
      pieces,
      async (value, parts) => {
        const json = JSON.stringify(value);
        fc.pre(!/"[^"]{1000,}"/.test(json) && !json.includes('__proto__'));
        const read = await parse('crew.jsonc', commented(json, parts));
        expect(JSON.stringify(read && plainOf(read))).toBe(json);
      },
    ),
    { numRuns: 300 },
  );
});

test('trailing commas, and marks of comments inside texts', async () => {
  const value = await parse('crew.json', '{ "a": ["// no", "/* no */",], "b": "\\"//", }');
  expect(value && plainOf(value)).toEqual({ a: ['// no', '/* no */'], b: '"//' });
});

test('places are those of the file, comments or not', async () => {
  const value = await parse('crew.jsonc', '{ // one\n  /* two */ "a": 1 }');
  expect(value?.kind === 'mapping' && value.entries[0]).toMatchObject({
    key: 'a',
    place: { line: 2, column: 13 },
  });
});

test('of merged mappings the first wins, and what stands in the mapping itself before all', async () => {
  const value = await parse(
    'a.yaml',
    'x: &x { a: 1, b: 1 }\ny: &y { b: 2, c: 2 }\nz:\n  c: 3\n  <<: [*x, *y]\n',
  );
  expect((value && plainOf(value)) as object).toMatchObject({ z: { a: 1, b: 1, c: 3 } });
});
