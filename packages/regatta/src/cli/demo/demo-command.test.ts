import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { runCli } from '../fixtures/process.fixture.ts';

const AUDIT = /^audit: events emitted (\d+), delivered (\d+), dropped 0, foreign 0$/gm;

test('the demonstration: many runs of several crews at once, no event lost, none foreign, no model asked', async () => {
  const { code, stdout, stderr } = await runCli(['demo']);
  expect(code).toBe(0);
  const audits = [...stdout.matchAll(AUDIT)].map(([, emitted, delivered]) => [
    Number(emitted),
    Number(delivered),
  ]);
  expect(audits.length).toBeGreaterThanOrEqual(8);
  for (const [emitted, delivered] of audits) {
    expect(delivered).toBe(emitted);
    expect(emitted).toBeGreaterThan(10);
  }
  const total = audits.reduce((sum, [emitted = 0]) => sum + emitted, 0);
  expect(stdout).toContain(`\nall runs: events emitted ${total}, delivered ${total}, dropped 0, foreign 0\n`);
  expect(stdout.match(/^usage: \d+ calls, [\d,]+ tokens .*, cost /gm)).toHaveLength(audits.length);
  expect(stdout.match(/^output: ./gm)).toHaveLength(audits.length);
  expect(stdout).toMatch(/^output: \{"title":"/m); // the crew with typed output
  expect(stdout).toMatch(/12 of 12 runs succeeded in .*, up to 12 of them under way at the same time/);
  expect(stderr.match(/: succeeded after /g)).toHaveLength(audits.length);
  expect(stripVTControlCharacters(stdout + stderr)).toBe(stdout + stderr);
  const lines = stdout.trim().split('\n');
  expect(lines[1]).toMatch(/^rehearsal: no model is asked/);
  expect(lines.at(-1)).toBe('rehearsal: no model was asked');
});

test('a key is mentioned and not used, and its value is not shown', async () => {
  const env = { OPENAI_API_KEY: 'sk-secret', GROQ_API_KEY: '' };
  const { code, stdout, stderr } = await runCli(['demo'], { env });
  expect(code).toBe(0);
  expect(stdout).toContain('OPENAI_API_KEY is set; it is not used. Run with --llm openai/… to use it.\n');
  expect(stdout).not.toContain('GROQ_API_KEY');
  expect(stdout + stderr).not.toContain('sk-secret');
});

test('a model is asked only when it is named; when it cannot be, the runs fail and the exit code is 1', async () => {
  const [option, variable] = await Promise.all([
    runCli(['demo', '--llm', 'openai/some-model']),
    runCli(['demo'], { env: { REGATTA_LLM: 'openai/some-model' } }),
  ]);
  for (const { code, stdout } of [option, variable]) {
    expect(code).toBe(1);
    expect(stdout).toContain('\nmodel: openai/some-model\n');
    expect(stdout).not.toContain('rehearsal:');
    expect(stdout.match(/^error llm\/missing-key: /gm)).toHaveLength(12);
    expect(stdout).toContain('0 of 12 runs succeeded');
  }
});

test('a model that is none is a usage error', async () => {
  const { code, stdout, stderr } = await runCli(['demo', '--llm', 'gpt']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error llm\/bad-model: /);
});
