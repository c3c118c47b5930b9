/** The guardrail of a new project, with its test. */
import type { NewFiles } from './write-files.ts';

export const GUARDRAIL_FILES: NewFiles = {
  'guardrails/short_enough.ts': `/** Looks at an answer before it counts: tasks name it as \`guardrails: [short_enough]\`. */
import type { GuardrailCheck } from 'regatta';

const MAX_WORDS = 200;

export const shortEnough: GuardrailCheck = ({ text }) => {
  const words = text.split(/\\s+/).filter((word) => word !== '').length;
  if (words <= MAX_WORDS) return { accepted: true };
  return { accepted: false, feedback: \`It has \${words} words, and may have \${MAX_WORDS}. Shorten it.\` };
};
`,
  'guardrails/short_enough.test.ts': `import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortEnough } from './short_enough.ts';

const context = {
  runId: 'run',
  task: null,
  agent: null,
  round: 1,
  signal: new AbortController().signal,
  context: undefined,
};

test('an answer of 200 words is accepted, and a longer one is sent back', async () => {
  const judge = async (words: number) =>
    await shortEnough({ text: 'word '.repeat(words), parsed: undefined }, context);
  assert.deepEqual(await judge(200), { accepted: true });
  assert.equal((await judge(201)).accepted, false);
});
`,
};
