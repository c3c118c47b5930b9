import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { Crew } from '../index.ts';
import { fixture, runCli } from './fixtures/process.fixture.ts';

const trainable = fixture('trainable.fixture.ts');
const cwd = mkdtempSync(join(tmpdir(), 'regatta-train-'));
afterAll(() => rmSync(cwd, { recursive: true }));

/** THE switch: whether `Crew` has `train` and `test`. Turn it on with the classes. */
const HAS_TRAINING = 'train' in Crew.prototype && 'test' in Crew.prototype;

test('train calls crew.train with iterations, inputs, file, runtime and signal', async () => {
  const { code, stdout } = await runCli(
    ['train', trainable, '-i', 'topic=tides', '-n', '2', '-f', 'learnt.json', '--json'],
    { cwd },
  );
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    rehearsal: null,
    iterations: 2,
    inputs: { topic: 'tides' },
    result: {
      iterations: 2,
      inputs: { topic: 'tides' },
      file: expect.stringMatching(/learnt\.json$/),
      activeRuns: 0,
      aborted: false,
    },
  });
});

test('test calls crew.test with the judge; in a rehearsal nobody judges either', async () => {
  const judged = await runCli(
    ['test', trainable, '-i', 'topic=tides', '--judge', 'openai/gpt-5.4-mini', '--json'],
    { cwd },
  );
  expect(JSON.parse(judged.stdout)).toMatchObject({
    iterations: 3,
    result: { iterations: 3, judge: 'openai/gpt-5.4-mini' },
  });
  const rehearsed = await runCli(['test', trainable, '-i', 'topic=tides', '--rehearse', '--json'], { cwd });
  expect(JSON.parse(rehearsed.stdout)).toMatchObject({
    rehearsal: 'rehearsal: no model was asked',
    result: { judge: 'rehearsal' },
  });
  const text = await runCli(['train', trainable, '-i', 'topic=tides'], { cwd });
  expect(text.stdout).toMatch(/^trained in 5 iterations, kept in .*trained\.json\n$/);
});

test('a failure of the crew is exit code 1 with a hint, a wrong command is 2', async () => {
  const failed = await runCli(['test', trainable, '-i', 'topic=fail'], { cwd });
  expect(failed).toMatchObject({ code: 1, stdout: '' });
  expect(failed.stderr).toMatch(/^error inputs\/missing: .*\nhint: give --input x=…\n$/);
  for (const args of [
    ['--iterations', '0'],
    ['--inputs', 'gone.json'],
    ['--export', 'gone'],
  ]) {
    expect(await runCli(['train', trainable, ...args], { cwd }), args.join(' ')).toMatchObject({
      code: 2,
      stdout: '',
    });
  }
});

test.skipIf(HAS_TRAINING)('a crew of a class without the methods says so', async () => {
  const { code, stderr } = await runCli(['train', fixture('other-copy.fixture.ts')], { cwd });
  expect(code).toBe(2);
  expect(stderr).toMatch(/^error cli\/bad-module: The crew has no train\(\)/);
});

describe.runIf(HAS_TRAINING)('with the classes', () => {
  test('regatta test judges a real crew in rehearsal', async () => {
    const { code, stdout, stderr } = await runCli(
      ['test', fixture('other-copy.fixture.ts'), '-n', '1', '--rehearse', '--json'],
      { cwd },
    );
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ iterations: 1, rehearsal: 'rehearsal: no model was asked' });
  });
});
