/** What a script gives, what it cannot reach, and how it ends. */
import { expect, test, vi } from 'vitest';
import { type JavaScriptToolOptions, javascriptTool } from './javascript-tool.ts';
import { useTool } from './tools.fixture.ts';

vi.setConfig({ testTimeout: 60_000 }); // threads start slowly where many do

const run = async (
  code: string,
  options: JavaScriptToolOptions = {},
  signal?: AbortSignal,
): Promise<string> => (await useTool(javascriptTool(options), { code }, signal)) as string;

test('the value of the last expression is given as JSON, with what was written to the console', async () => {
  expect(await run('const n = [1, 2, 3]; n.reduce((a, b) => a + b, 0)')).toBe('6');
  expect(await run('({ a: [1, "x", null], when: new Date(0), gone: undefined })')).toBe(
    '{"a":[1,"x",null],"when":"1970-01-01T00:00:00.000Z"}',
  );
  expect(await run('console.log("a", { b: 1 }, 2); console.error(undefined); undefined')).toBe(
    'null\nConsole:\na {"b":1} 2\nnull',
  );
  expect(await run('(async () => { const x = await Promise.resolve(20); return x + 1; })()')).toBe('21');
});

test('what a script throws is said, with what it wrote before', async () => {
  const failed = { code: 'script-failed' };
  await expect(run('console.log("here"); null.x')).rejects.toMatchObject({
    ...failed,
    message: expect.stringMatching(/^TypeError: .*\nConsole:\nhere$/s),
  });
  await expect(run('const = 1')).rejects.toMatchObject({
    ...failed,
    message: expect.stringContaining('SyntaxError'),
  });
  await expect(run('Promise.reject(new RangeError("far"))')).rejects.toMatchObject({
    ...failed,
    message: expect.stringContaining('RangeError: far'),
  });
  await expect(run('new Promise(() => {})')).rejects.toMatchObject(failed);
  await expect(run('const a = {}; a.a = a; a')).rejects.toMatchObject({
    ...failed,
    message: expect.stringContaining('circular'),
  });
  await expect(run('throw "text"')).rejects.toMatchObject({ ...failed, message: 'The script threw "text".' });
  await expect(run('throw { code: 7 }')).rejects.toMatchObject({ ...failed, message: 'Error: {"code":7}' });
  await expect(run('1n')).rejects.toMatchObject(failed);
});

test('a script has nothing of the machine', async () => {
  const names = [
    'process',
    'require',
    'module',
    'fetch',
    'XMLHttpRequest',
    'Deno',
    'Bun',
    'setTimeout',
    'WebAssembly',
    'Worker',
    'std',
    'os',
    'global',
    'window',
    'Buffer',
  ];
  expect(JSON.parse(await run(`${JSON.stringify(names)}.filter((name) => name in globalThis)`))).toEqual([]);
  await expect(run('import("node:fs")')).rejects.toMatchObject({ code: 'script-failed' });
  await expect(run('import fs from "node:fs"; 1')).rejects.toMatchObject({ code: 'script-failed' });
});

test('prototypes and constructors lead to nothing but the engine of the script, which the next one does not share', async () => {
  const tricks = [
    'console.log.constructor("return typeof process")()',
    '({}).constructor.constructor("return typeof process")()',
    'console.log.__proto__.constructor("return typeof require")()',
    '(async () => {}).constructor("return typeof process")()',
    'Object.getPrototypeOf(function* () {}).constructor("return typeof process")().next().value',
  ];
  for (const trick of tricks) expect(await run(trick), trick).toBe('"undefined"');
  expect(
    await run(
      'Object.prototype.polluted = 1; JSON.stringify = () => "owned"; Array.prototype.toJSON = () => "no"; JSON.parse(`{"__proto__":{"x":1}}`)',
    ),
  ).toBe('{"__proto__":{"x":1}}');
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  expect(await run('globalThis.kept = 1; typeof kept')).toBe('"number"');
  expect(await run('[typeof kept, ({}).polluted === undefined]')).toBe('["undefined",true]');
});

test('a script that never ends is ended, wherever it is', async () => {
  const limit = { timeoutMs: 100 };
  const endless = [
    'while (true) {}',
    'try { while (true) {} } catch { while (true) {} }',
    '/(a+)+$/.test("a".repeat(60) + "!")',
    '({ toJSON() { while (true) {} } })',
    'console.log({ get x() { while (true) {} } })',
    '(async () => { while (true) await null; })()',
    'new Proxy({}, { ownKeys() { while (true) {} } })',
  ];
  const ends = await Promise.allSettled(endless.map((code) => run(code, limit)));
  for (const [index, end] of ends.entries()) {
    expect(end, endless[index]).toMatchObject({ status: 'rejected', reason: { code: 'time-limit' } });
  }
});

test('a script that keeps too much is ended, and its memory given back', async () => {
  const limit = { memoryBytes: 4_000_000 };
  const greedy = [
    'const kept = []; while (true) kept.push(new Uint8Array(1000))',
    '"x".repeat(1e9)',
    'let s = "x"; while (true) s += s',
    'new Uint8Array(1e9)',
    'const m = new Map(); for (let i = 0; ; i++) m.set(i, { i })',
  ];
  const ends = await Promise.allSettled(greedy.map((code) => run(code, limit)));
  for (const [index, end] of ends.entries()) {
    expect(end, greedy[index]).toMatchObject({ status: 'rejected' });
    expect(['memory-limit', 'script-failed'], greedy[index]).toContain(
      (end as PromiseRejectedResult).reason.code,
    );
  }
  expect(await run('1 + 1', limit)).toBe('2');
});

test('recursion ends the script and not the thread that asked', async () => {
  await expect(run('const f = () => f() + 1; f()')).rejects.toMatchObject({ code: 'script-failed' });
  await expect(run(`${'['.repeat(100_000)}`)).rejects.toThrow();
  await expect(run('let a = []; for (let i = 0; i < 1e5; i++) a = [a]; a')).rejects.toThrow();
});

test('results and the console are bounded', async () => {
  const limit = { maxChars: 100 };
  await expect(run('"x".repeat(200)', limit)).rejects.toMatchObject({ code: 'too-large' });
  const said = await run('for (let i = 0; i < 1e4; i++) console.log("line", i); 1', limit);
  expect(said.length).toBeLessThan(150);
  expect(said).toMatch(/\[cut\]$/);
});

test('a script holds up nobody, and ends with its signal', async () => {
  const controller = new AbortController();
  const script = run('while (true) {}', { timeoutMs: 60_000 }, controller.signal);
  for (let ticks = 0; ticks < 50; ticks++) await new Promise((resolve) => setTimeout(resolve, 2)); // the event loop is free
  controller.abort(new Error('enough'));
  await expect(script).rejects.toThrow('enough');
});

test('options are checked', () => {
  expect(() => javascriptTool({ timeoutMs: 0, memoryBytes: 10, maxChars: 0 })).toThrow(
    /timeoutMs.*\n.*memoryBytes.*\n.*maxChars/,
  );
});
