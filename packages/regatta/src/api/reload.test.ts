import { expect, test, vi } from 'vitest';
import type * as Regatta from '../index.ts';
import { scriptedModel } from '../testing/index.ts';

/** A copy of the package that shares no module with the others, as a reload or a second install gives. */
async function load(): Promise<typeof Regatta> {
  vi.resetModules();
  return await import('../index.ts');
}

function crewOf({ Agent, Crew, Task }: typeof Regatta): Regatta.Crew {
  const agent = new Agent({ role: 'r', goal: 'g', llm: scriptedModel(['ok'], { loop: true }) });
  return new Crew({ agents: [agent], tasks: [new Task({ description: 'd', expectedOutput: 'e', agent })] });
}

/** What importing might leave behind in the process. */
function footprint(): unknown {
  return {
    listeners: process.eventNames().map((name) => [name, process.listenerCount(name)]),
    symbols: Object.getOwnPropertySymbols(globalThis).map(String).sort(),
    names: Object.getOwnPropertyNames(globalThis).sort(),
    timers: process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length,
  };
}

test('loading and using the package again and again leaves nothing more behind than once (R60, D24)', async () => {
  await crewOf(await load()).kickoff();
  const before = footprint();
  for (let count = 0; count < 8; count++) await crewOf(await load()).kickoff();
  expect(footprint()).toEqual(before);
});

test('each copy has a runtime of its own, and an event is heard once, where it happened (R60, R25)', async () => {
  const copies = [await load(), await load()];
  const heard: string[][] = [[], []];
  const registrations = copies.map(({ LLM }, index) =>
    LLM.setCallbacks([({ runId, type }) => heard[index]!.push(`${runId} ${type}`)]),
  );
  for (const [index, copy] of copies.entries()) {
    const run = crewOf(copy).start();
    await run.result;
    await run.flush();
    expect(heard[index]!.filter((event) => event.startsWith(run.id))).toHaveLength(run.audit().emitted);
    expect(heard[1 - index]!.filter((event) => event.startsWith(run.id))).toEqual([]);
  }
  for (const registration of registrations) registration.dispose();
});

test('an error of one copy is known by another (R25)', async () => {
  const [one, other] = [await load(), await load()];
  const error = await crewOf(one)
    .kickoff({ signal: AbortSignal.abort(new Error('gone')) })
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(one.RegattaError);
  expect(error).not.toBeInstanceOf(other.RegattaError);
  expect(other.isRegattaError(error, 'run/cancelled')).toBe(true);
});
