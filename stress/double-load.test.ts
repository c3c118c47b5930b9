import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Copies, makeCopies } from './copies.ts';
import type { DoubleLoad } from './double-load.child.ts';
import { runChild } from './run-child.ts';

let copies: Copies & Disposable;
let loaded: DoubleLoad;

beforeAll(async () => {
  copies = makeCopies();
  loaded = await runChild('double-load.child.ts', copies, { execArgv: [] });
}, 240_000);

afterAll(() => copies?.[Symbol.dispose]());

test('loading the package leaves nothing on the process', () => {
  expect(loaded.atImport).toEqual(loaded.bare);
});

test('by require and by import it is one and the same', () => {
  expect(loaded.pairs['require(esm)'].isSameClass).toBe(true);
});

for (const way of [
  'require(esm)',
  'two installed copies',
  'a bundled copy',
  'a bundled copy, the other way',
] as const) {
  test(`${way}: currentRun is the same run for both, and nothing is delivered twice`, () => {
    const { isRunSeenInTool, isRunSeenInCallback, heardOnce } = loaded.pairs[way];
    expect({ isRunSeenInTool, isRunSeenInCallback, heardOnce }).toEqual({
      isRunSeenInTool: true,
      isRunSeenInCallback: true,
      heardOnce: true,
    });
  });

  test(`${way}: an error of one is recognised by the other`, () => {
    expect(loaded.pairs[way].isErrorRecognised).toBe(true);
  });

  test(`${way}: crews, agents, tasks, tools and callbacks of one work in the other`, () => {
    const { crewInRuntime, agentInCrew, taskInCrew, toolInAgent, callbackMadeByOther } = loaded.pairs[way];
    expect({ crewInRuntime, agentInCrew, taskInCrew, toolInAgent, callbackMadeByOther }).toEqual({
      crewInRuntime: 'works',
      agentInCrew: 'works',
      taskInCrew: 'works',
      toolInAgent: 'works',
      callbackMadeByOther: 'works',
    });
  });

  test(`${way}: an LLM of one works in the other, or fails with an error of ours that holds no key`, () => {
    const { llmInAgent, secretInEvents } = loaded.pairs[way];
    expect(['works', 'llm/bad-model', 'definition/invalid']).toContain(llmInAgent);
    expect(secretInEvents).toBe(false);
  });
}

test('fifty reloads share one store for the current run, and leave nothing else on the process', () => {
  const { once, afterReloads, reloads, foreign, blind } = loaded;
  expect({ reloads, foreign, blind }).toEqual({ reloads: 50, foreign: 0, blind: 0 });
  expect(afterReloads).toEqual(once);
  expect(once.symbols.filter((symbol) => symbol.includes('regatta'))).toEqual([
    'Symbol(regatta.current-run.v1)',
  ]);
});
