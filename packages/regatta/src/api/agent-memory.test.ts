import { describe, expect, test } from 'vitest';
import {
  Agent,
  Crew,
  createRuntime,
  type Memory,
  type ReadableEvent,
  type RunEvent,
  Task,
} from '../index.ts';
import { checkMemory, checkTrace, createGate, memoryJournal, scriptedModel } from '../testing/index.ts';
import { wordMemory } from '../testing/memory.fixture.ts';

const base = { role: 'Clerk', goal: 'Answer' };

async function eventsOf(run: { events(): AsyncIterable<ReadableEvent> }): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run.events()) if (event.type !== 'events.gap') events.push(event);
  return events;
}

const notes = (name: string, texts: readonly string[]): Memory => ({
  name,
  recall: async () => texts.map((text, index) => ({ text, source: `${name} ${index}` })),
});

describe('the contract of a memory', () => {
  test('is kept by the reference', async () => {
    expect(await checkMemory({ open: () => wordMemory() })).toEqual([]);
  });

  test.each<readonly [string, Partial<Memory>, string]>([
    ['forgets', { recall: async () => [] }, 'is not recalled'],
    [
      'gives more than asked',
      { recall: (query, context) => wordMemory().recall({ ...query, limit: 9 }, context) },
      'is not recalled',
    ],
    ['keeps what it was told twice', {}, 'told twice'],
    ['does not forget', { reset: async () => undefined }, 'after a reset'],
    ['is deaf to its signal', {}, 'although its signal is aborted'],
  ])('a store that %s is found out', async (what, broken, finding) => {
    const open = (): Memory => {
      const memory = wordMemory();
      let told = 0;
      const twice: Memory['remember'] = (experience, context) =>
        memory.remember!(experience, context.child(`again-${told++}`));
      const deaf: Memory['remember'] = (experience, context) =>
        memory.remember!(experience, context.withSignal(new AbortController().signal));
      const remember = what.startsWith('keeps')
        ? twice
        : what.startsWith('is deaf')
          ? deaf
          : memory.remember!;
      return { name: 'broken', recall: memory.recall, remember, reset: memory.reset!, ...broken };
    };
    expect((await checkMemory({ open })).join(' ')).toContain(finding);
  });
});

test('what was learned in one run is told in the next, with where it comes from', async () => {
  const memory = wordMemory('logbook');
  const llm = scriptedModel(['The anchor is below.', 'Below.']);
  const agent = new Agent({ ...base, llm, memory: [memory] });
  await agent.kickoff('Find the anchor');
  const run = agent.start('Where did the anchor go?');
  await run.result;
  expect(String(llm.requests[0]!.messages[1]!.content)).toBe('Find the anchor');
  expect(String(llm.requests[1]!.messages[1]!.content)).toMatch(
    /^Where did the anchor go\?\n\nNotes that may help.*\n- \[Clerk: Find the anchor\] The anchor is below\.$/,
  );
  const events = await eventsOf(run);
  expect(checkTrace(events, { ledger: run.ledger, audit: await run.flush() })).toEqual([]);
  expect(events.flatMap((event) => (event.type === 'memory.end' ? [event] : []))).toMatchObject([
    { store: 'logbook', action: 'recall', count: 1, error: null, agent: 'Clerk' },
    { store: 'logbook', action: 'remember', count: 0, error: null },
  ]);
  expect(memory.size).toBe(2);
});

test('knowledge is read and never written; notes take turns, and keep to their tokens', async () => {
  const llm = scriptedModel(['ok', 'ok'], { loop: true });
  const knowledge = [notes('rules', ['one', 'x'.repeat(4000), 'three']), notes('charts', ['two'])];
  await new Agent({ ...base, llm, knowledge, maxRecallTokens: 60 }).kickoff('Go');
  const lines = String(llm.requests[0]!.messages[1]!.content).split('\n').slice(3);
  expect(lines).toEqual(['- [rules 0] one', '- [charts 0] two', '- [rules 2] three']);
});

describe('a store that fails', () => {
  const broken: Memory = {
    name: 'broken',
    recall: async () => {
      throw new Error('no disk');
    },
    remember: async () => {
      throw new Error('disk full');
    },
  };

  test('is told of, and the agent goes on with the others', async () => {
    const llm = scriptedModel(['ok']);
    const agent = new Agent({ ...base, llm, memory: [broken], knowledge: [notes('rules', ['one'])] });
    const run = agent.start('Go');
    expect((await run.result).text).toBe('ok');
    expect(String(llm.requests[0]!.messages[1]!.content)).toContain('- [rules 0] one');
    const events = await eventsOf(run);
    expect(checkTrace(events, { audit: await run.flush() })).toEqual([]);
    const failures = events.flatMap((event) =>
      event.type === 'memory.end' && event.error ? [event.error] : [],
    );
    expect(failures.map(({ code }) => code)).toEqual(['memory/failed', 'memory/failed']);
    expect(failures.map(({ message }) => message).join()).toMatch(/recall: no disk.*remember: disk full/);
  });

  test('ends the work where the agent says so', async () => {
    const llm = scriptedModel(['ok']);
    const agent = new Agent({ ...base, llm, memory: [broken], onMemoryFailure: 'fail' });
    const run = agent.start('Go');
    await expect(run.result).rejects.toMatchObject({
      code: 'memory/failed',
      details: { store: 'broken', action: 'recall' },
    });
    expect(llm.requests).toEqual([]);
    expect(checkTrace(await eventsOf(run), { audit: await run.flush() })).toEqual([]);
  });

  test('that never answers does not keep a cancelled run', async () => {
    const gate = createGate();
    const hanging: Memory = {
      name: 'hanging',
      recall: async () => {
        await gate.pass();
        return [];
      },
    };
    const run = new Agent({ ...base, llm: scriptedModel(['ok']), memory: [hanging] }).start('Go');
    await gate.reached;
    run.cancel('enough');
    await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
    expect(checkTrace(await eventsOf(run), { audit: await run.flush() })).toEqual([]);
    gate.open();
  });
});

test('a resumed run gets what was recalled then, and remembers nothing again', async () => {
  const calls: string[] = [];
  const memory: Memory = {
    name: 'counting',
    recall: async () => {
      calls.push('recall');
      return [{ text: `recall ${calls.length}`, source: 'count' }];
    },
    remember: async () => void calls.push('remember'),
  };
  const llm = scriptedModel(['ok'], { loop: true });
  const agent = new Agent({ ...base, llm, memory: [memory] });
  const journal = memoryJournal();
  const first = await agent.kickoff('Go', { journal });
  const again = await (await agent.resume(first.runId, { journal })).result;
  expect(again.messages).toEqual(first.messages);
  expect(calls).toEqual(['recall', 'remember']);
});

test('a memory sees the run that asks: its tenant, its task, its agent', async () => {
  const seen: unknown[] = [];
  const memory: Memory = {
    name: 'seeing',
    recall: async ({ text }, { context, span }) => {
      seen.push([context, span.task, span.agent, text.split('\n')[0]]);
      return [];
    },
  };
  const agent = new Agent({ ...base, llm: scriptedModel(['ok']), memory: [memory] });
  const task = new Task({ name: 'count', description: 'Count the boats', expectedOutput: 'A number', agent });
  await using runtime = createRuntime();
  await runtime.run(new Crew({ agents: [agent], tasks: [task] }), { context: 'tenant-a' });
  expect(seen).toEqual([['tenant-a', 'count', 'Clerk', 'Count the boats']]);
});

test('crew.resetMemories resets each memory once, and says which could not be', async () => {
  const resets: string[] = [];
  const named = (name: string): Memory => ({
    ...notes(name, []),
    reset: async () => {
      resets.push(name);
      if (name === 'b') throw new Error('locked');
    },
  });
  const [a, b, c] = [named('a'), named('b'), named('c')];
  const llm = scriptedModel([]);
  const one = new Agent({ ...base, llm, memory: [a!, b!] });
  const two = new Agent({ ...base, role: 'Other', llm, memory: [a!, c!], knowledge: [named('k')] });
  const task = new Task({ description: 'Go', expectedOutput: 'It', agent: one });
  const crew = new Crew({ agents: [one, two], tasks: [task] });
  const error = await crew.resetMemories().catch((thrown) => thrown);
  expect(resets).toEqual(['a', 'b', 'c']);
  expect(error).toMatchObject({ code: 'memory/failed', details: { store: 'b', action: 'reset' } });
  expect(error.cause.errors.map(String)).toEqual(['Error: locked']);
});
