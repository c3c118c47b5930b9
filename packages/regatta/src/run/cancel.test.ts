import { expect, test } from 'vitest';
import { z } from 'zod';
import { createCore } from '../api/core.ts';
import {
  Agent,
  Crew,
  callback,
  createRuntime,
  defineTool,
  guard,
  type Journal,
  type KickoffOptions,
  type Schema,
  Task,
} from '../index.ts';
import type { Providers } from '../ports/provider.ts';
import {
  checkTrace,
  createGate,
  createManualClock,
  type Gate,
  memoryJournal,
  scriptedModel,
} from '../testing/index.ts';
import { eventsOf, hop, inputsOf, markedCrew } from '../testing/marked.fixture.ts';

interface Wait {
  readonly crew: Crew;
  readonly options?: KickoffOptions;
}

const use = { toolCalls: [{ tool: 'look', args: { at: 'sea' } }] };

function lookout(execute: () => unknown, input: Schema<object> = z.object({ at: z.string() })) {
  return defineTool({ name: 'look', description: 'Looks.', input, execute });
}

/** A schema that answers when it likes. */
function slowSchema(pass: () => Promise<void>): Schema<object> {
  return {
    '~standard': {
      version: 1,
      vendor: 'slow',
      validate: (value) => pass().then(() => ({ value: value as object })),
      jsonSchema: { input: () => ({ type: 'object' }), output: () => ({ type: 'object' }) },
    },
  } as Schema<object>;
}

function providersThatOpen(pass: () => Promise<void>): Providers {
  return {
    names: ['slow'],
    open: () => pass().then(() => scriptedModel(['ok'])),
    priceOf: () => undefined,
    adopt: () => undefined,
    close: async () => undefined,
  };
}

function slowJournal(at: keyof Journal, pass: () => Promise<void>): Journal {
  const journal = memoryJournal();
  const slow = async (...args: never[]) => {
    await pass();
    return await (journal[at] as (...args: never[]) => Promise<unknown>)(...args);
  };
  return { ...journal, [at]: slow };
}

/** Where a run may wait for the outside, each held up by a gate. */
const WAITS: Readonly<Record<string, (pass: Gate['pass']) => Wait>> = {
  'a model': (pass) => ({ crew: markedCrew([() => pass().then(() => 'ok')]) }),
  'a tool': (pass) => ({ crew: markedCrew([use, 'ok'], { tools: [lookout(() => pass())] }) }),
  'the arguments of a tool': (pass) => ({
    crew: markedCrew([use, 'ok'], { tools: [lookout(() => 'x', slowSchema(pass))] }),
  }),
  'a provider that opens': (pass) => ({
    crew: markedCrew([], { llm: 'slow/model' as unknown as object }), // a name is as good as an LLM
    options: { runtime: { core: createCore({ providers: providersThatOpen(pass) }) } },
  }),
  createContext: (pass) => {
    const { agents, tasks } = markedCrew(['ok']);
    return { crew: new Crew({ agents, tasks, createContext: () => pass() }) };
  },
  'an output schema': (pass) => {
    const agent = new Agent({ role: 'r', goal: 'g', llm: scriptedModel(['{}']) });
    const task = new Task({ description: 'd', expectedOutput: 'e', agent, output: slowSchema(pass) });
    return { crew: new Crew({ agents: [agent], tasks: [task] }) };
  },
  'a guard': (pass) => ({
    crew: markedCrew(['ok']),
    options: { callbacks: [guard('model.before', async () => void (await pass()))] },
  }),
  'a journal that begins': (pass) => ({
    crew: markedCrew(['ok']),
    options: { journal: slowJournal('create', pass) },
  }),
  'a journal that is written': (pass) => ({
    crew: markedCrew(['ok']),
    options: { journal: slowJournal('write', pass) },
  }),
  "a tool's journal": (pass) => {
    const journal = memoryJournal();
    const write: Journal['write'] = async (runId, record, epoch) => {
      if (record.key.endsWith(':tool')) await pass();
      return await journal.write(runId, record, epoch);
    };
    return {
      crew: markedCrew([use, 'ok'], { tools: [lookout(() => 'waves')] }),
      options: { journal: { ...journal, write } },
    };
  },
};

test.each(Object.keys(WAITS))(
  'cancel frees a run that waits for %s, and leaves nothing open',
  async (name) => {
    const gate = createGate();
    const { crew, options } = WAITS[name]!(gate.pass);
    const run = crew.start({ inputs: inputsOf(0), ...options });
    await gate.reached;
    run.cancel('enough');
    await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled', details: { reason: 'enough' } });
    const events = await eventsOf(run);
    expect(checkTrace(events, { ledger: run.ledger, audit: await run.flush() })).toEqual([]);
    expect(events.at(-1)).toMatchObject({ type: 'run.end', status: 'cancelled' });
    gate.open();
    await expect.poll(() => run.audit().orphaned).toBe(0);
  },
);

test('cancel frees a run that stands in line at a rate limit, and the others keep their places (R49)', async () => {
  const clock = createManualClock();
  const runtime = { core: createCore({ clock, limits: { requestsPerMinute: 1 } }) };
  const crew = markedCrew(['ok']);
  const ended: number[] = [];
  const runs = [0, 1, 2, 3].map((index) => {
    const run = crew.start({ inputs: inputsOf(index), runtime });
    const note = (): void => void ended.push(index);
    run.result.then(note, note);
    return run;
  });
  await clock.settle();
  runs[2]!.cancel('enough');
  await clock.settle();
  expect(ended).toEqual([0, 2]);
  await clock.advance(60_000);
  expect(ended).toEqual([0, 2, 1]);
  await clock.advance(60_000);
  expect(ended).toEqual([0, 2, 1, 3]);
  await expect(runs[2]!.result).rejects.toMatchObject({ code: 'run/cancelled' });
  expect(clock.timers).toBe(0);
});

test('cancel at any boundary of a run ends it once, with everything accounted for (D02)', async () => {
  await using runtime = createRuntime();
  for (let boundary = 0; boundary < 80; boundary++) {
    const tools = [lookout(() => hop(3))];
    const run = runtime.start(markedCrew([use, { text: 'one two three' }], { tools }), {
      inputs: inputsOf(0),
      stream: true,
      callbacks: [callback(() => hop(2))],
    });
    await hop(boundary);
    run.cancel('enough');
    const succeeded = await run.result.then(
      () => true,
      () => false,
    );
    const events = await eventsOf(run);
    const audit = await run.flush();
    expect(checkTrace(events, { ledger: run.ledger, audit }), `boundary ${boundary}`).toEqual([]);
    expect(events.at(-1)).toMatchObject({ status: succeeded ? 'succeeded' : 'cancelled' });
    expect(audit.delivered).toBe(audit.emitted);
  }
});
