/** A new tool with its test. */
import { camelCase, snakeCase } from './names.ts';
import type { NewFiles } from './write-files.ts';

/** `tools/NAME.ts` and `tools/NAME.test.ts`. */
export function toolFiles(name: string): NewFiles {
  const [file, constant] = [snakeCase(name), camelCase(name)];
  return {
    [`tools/${file}.ts`]: `/** A tool for agents: name it in agents.yaml as \`tools: [${file}]\`. */
import { defineTool } from 'regatta';
import { z } from 'zod';

export const ${constant} = defineTool({
  name: '${file}',
  description: 'Counts the words of a text. Say here what yours does, and when to use it: the model goes by this.',
  input: z.object({ text: z.string() }),
  execute: ({ text }) => ({ words: text.split(/\\s+/).filter((word) => word !== '').length }),
});
`,
    [`tools/${file}.test.ts`]: `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ${constant} } from './${file}.ts';

const context = {
  runId: 'run',
  task: null,
  agent: null,
  callId: 'call',
  idempotencyKey: 'run/call',
  signal: new AbortController().signal,
  context: undefined,
};

test('it counts words, not blanks', async () => {
  const parsed = await ${constant}.parse({ text: ' two  words ' });
  assert.ok(parsed.isValid);
  assert.deepEqual(await ${constant}.execute(parsed.value, context), { words: 2 });
});

test('it refuses what is no text', async () => {
  const parsed = await ${constant}.parse({ text: 2 });
  assert.equal(parsed.isValid, false);
});
`,
  };
}
