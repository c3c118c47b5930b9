import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import type { PendingInput } from '../index.ts';
import { askPerson } from './ask-person.ts';
import type { Progress } from './progress.ts';

function terminal() {
  const input = new PassThrough();
  const output = new PassThrough();
  let shown = '';
  output.on('data', (chunk) => {
    shown += String(chunk);
  });
  const holds = { open: 0, all: 0 };
  const progress: Progress = {
    start: () => undefined,
    update: () => undefined,
    print: () => undefined,
    hold() {
      holds.open++;
      holds.all++;
      return { [Symbol.dispose]: () => void holds.open-- };
    },
    [Symbol.dispose]: () => undefined,
  };
  const ask = askPerson({ isPersonThere: true, progress, input, output });
  return { input, ask, holds, shown: () => shown };
}

const request = (kind: PendingInput['kind'], question = 'Well?'): PendingInput => ({
  kind,
  question,
  subject: { sum: 7 },
  runId: 'r',
  token: 'r/t',
  task: 'pay',
  agent: 'clerk',
});

test.each([
  ['approval', 'yes', { approved: true }],
  ['approval', 'no, not today', { approved: false, reason: 'no, not today' }],
  ['approval', '\n  \ny', { approved: true }],
  ['review', 'Y', { accepted: true }],
  ['review', 'shorter', { accepted: false, feedback: 'shorter' }],
  ['question', 'yes', { text: 'yes' }],
] as const)('a %s that is answered with %j', async (kind, typed, answer) => {
  const { input, ask, holds, shown } = terminal();
  const answered = ask(request(kind));
  for (const line of typed.split('\n')) {
    input.write(`${line}\n`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await answered).toEqual(answer);
  expect(shown()).toContain('clerk, pay asks: Well?\n{\n  "sum": 7\n}');
  expect(holds).toEqual({ open: 0, all: 1 });
});

test('two runs that ask at once are asked one after the other', async () => {
  const { input, ask, shown } = terminal();
  const answers = [ask(request('question', 'First?')), ask(request('question', 'Second?'))];
  await expect.poll(shown).toContain('First?');
  expect(shown()).not.toContain('Second?');
  input.write('one\n');
  await expect.poll(shown).toContain('Second?');
  input.write('two\n');
  expect(await Promise.all(answers)).toEqual([{ text: 'one' }, { text: 'two' }]);
});

test('the end of the input, and nobody there, are no answers', async () => {
  const { input, ask } = terminal();
  const answered = ask(request('approval'));
  input.end();
  await expect(answered).rejects.toMatchObject({ code: 'cli/no-terminal' });
  const { progress: _, ...rest } = { progress: null, input: new PassThrough(), output: new PassThrough() };
  const printed: string[] = [];
  const progress = { print: (text: string) => void printed.push(text) } as unknown as Progress;
  const nobody = askPerson({ ...rest, isPersonThere: false, progress });
  await expect(nobody(request('approval'))).rejects.toMatchObject({ code: 'cli/no-terminal' });
  expect(printed.join()).toContain('cli/no-terminal');
});
