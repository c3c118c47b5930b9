import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { askInputs } from './ask-inputs.ts';

async function ask(names: readonly string[], given: Record<string, unknown>, typed: string) {
  const [input, output] = [new PassThrough(), new PassThrough()];
  input.end(typed);
  const inputs = await askInputs(names, given, { input, output });
  output.end();
  return { inputs, asked: await text(output) };
}

test('what is missing is asked for in order, and read as --input reads it', async () => {
  expect(await ask(['topic', 'days', 'deep'], { topic: 'tides' }, '3\ntrue\n')).toEqual({
    inputs: { topic: 'tides', days: 3, deep: true },
    asked: 'days: deep: ',
  });
});

test('a blank answer is asked for again, and what nobody answers stays missing', async () => {
  expect(await ask(['topic', 'days'], {}, '\n  \nwind \n')).toEqual({
    inputs: { topic: 'wind' },
    asked: 'topic: topic: topic: days: ',
  });
});

test('nothing is asked when nothing is missing, not even for an empty text', async () => {
  expect(await ask(['topic'], { topic: '' }, 'x\n')).toEqual({ inputs: { topic: '' }, asked: '' });
});
