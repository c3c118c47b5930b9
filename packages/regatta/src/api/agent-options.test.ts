import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  Agent,
  type AgentOptions,
  type AgentStep,
  Crew,
  createRuntime,
  currentRun,
  defineTool,
  isRegattaError,
  type Message,
  type ReadableEvent,
  type RunEvent,
  Task,
} from '../index.ts';
import { checkTrace, createGate, createManualClock, memoryJournal, scriptedModel } from '../testing/index.ts';

const base = { role: 'Clerk', goal: 'Answer', backstory: 'Old.' };

async function eventsOf(run: { events(): AsyncIterable<ReadableEvent> }): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of run.events()) if (event.type !== 'events.gap') events.push(event);
  return events;
}

test('a bad option is refused where the agent is made, with all others that are bad', () => {
  const bad = {
    ...base,
    useSystemPrompt: 1,
    systemTemplate: 'no place',
    promptTemplate: '{{ .Prompt }} {{ .Prompt }}',
    responseTemplate: 5,
    dateFormat: '%Q',
    timeZone: 'Mars/Olympus',
    toolProtocol: 'smoke',
    maxRpm: 0,
    stepCallback: 'log',
    memory: [{ name: 'm' }],
    maxRecallTokens: 0,
    onMemoryFailure: 'ignore',
    skills: [{ name: 'a b', description: 'd', load: () => '' }],
  } as unknown as AgentOptions;
  try {
    new Agent(bad);
    expect.unreachable();
  } catch (error) {
    if (!isRegattaError(error, 'definition/invalid')) throw error;
    expect(error.details.problems.map(({ field }) => field).sort()).toEqual(
      Object.keys(bad)
        .filter((name) => !(name in base))
        .map((name) => (name === 'memory' || name === 'skills' ? `${name}[0]` : name))
        .sort(),
    );
  }
});

describe('prompts', () => {
  const ask = async (
    options: Partial<AgentOptions>,
    clock = createManualClock(Date.UTC(2026, 10, 24, 23, 30)),
  ) => {
    const llm = scriptedModel(['ok']);
    await using runtime = createRuntime({ clock });
    await new Agent({ ...base, llm, ...options }).kickoff('What now?', { runtime });
    return llm.requests[0]!;
  };
  const system = 'You are Clerk. Old.\nYour goal: Answer';

  test('without a system prompt there is one message of the user', async () => {
    const { messages } = await ask({ useSystemPrompt: false });
    expect(messages).toEqual([{ role: 'user', content: `${system}\n\nWhat now?` }]);
  });

  test('templates go around the texts, and what follows the response ends it', async () => {
    const { messages, stop } = await ask({
      systemTemplate: '<|sys|>{{ .System }}<|end|>',
      promptTemplate: '<|user|>{{.Prompt}}<|end|>',
      responseTemplate: '<|bot|>{{ .Response }}<|end|>',
    });
    expect(messages).toEqual([
      { role: 'system', content: `<|sys|>${system}<|end|>` },
      { role: 'user', content: '<|user|>What now?<|end|><|bot|>' },
    ]);
    expect(stop).toEqual(['<|end|>']);
  });

  test('an answer ends where the response template says so, also where the provider does not stop', async () => {
    const llm = scriptedModel(['All well.<|end|>and more']);
    const agent = new Agent({ ...base, llm, responseTemplate: '{{ .Response }}<|end|>' });
    expect((await agent.kickoff('Well?')).text).toBe('All well.');
  });

  test('a text with signs that templates know is a text', async () => {
    const llm = scriptedModel(['ok']);
    const agent = new Agent({ ...base, llm, promptTemplate: '[{{ .Prompt }}]' });
    await agent.kickoff("$& $' {{ .Prompt }}");
    expect(llm.requests[0]!.messages[1]!.content).toBe("[$& $' {{ .Prompt }}]");
  });

  test('the date is that of the start of the run, in the time zone that is named', async () => {
    expect((await ask({ injectDate: true })).messages[1]!.content).toBe(
      'What now?\n\nCurrent date: 2026-11-24 (UTC)',
    );
    const options = { injectDate: true, dateFormat: '%A, %B %d, %Y at %H:%M', timeZone: 'Asia/Tokyo' };
    expect((await ask(options)).messages[1]!.content).toBe(
      'What now?\n\nCurrent date: Wednesday, November 25, 2026 at 08:30 (Asia/Tokyo)',
    );
  });

  test('a run that is resumed on another day goes on with the day it began with', async () => {
    const llm = scriptedModel(['ok'], { loop: true });
    const agent = new Agent({ ...base, llm, injectDate: true });
    const journal = memoryJournal();
    const on = (day: number) => createRuntime({ clock: createManualClock(Date.UTC(2026, 0, day)) });
    await using then = on(1);
    const first = await agent.kickoff('Hi', { runtime: then, journal });
    await using now = on(9);
    const again = await (await agent.resume(first.runId, { runtime: now, journal })).result;
    const dates = [first, again].map(({ messages }) => messages[1]!.content);
    expect(dates).toEqual(Array(2).fill('Hi\n\nCurrent date: 2026-01-01 (UTC)'));
  });
});

const status = defineTool({
  name: 'status',
  description: 'Says how it stands.',
  input: z.object({ of: z.string() }),
  execute: ({ of }) => `${of} is pending`,
});
const asks = (of: string) => ({ text: `I ask of ${of}.`, toolCalls: [{ tool: 'status', args: { of } }] });

describe('stepCallback', () => {
  test('hears of each turn in order, is waited for, and knows its run', async () => {
    const steps: AgentStep[] = [];
    const gate = createGate();
    let isHeld = true;
    const runs: unknown[] = [];
    const llm = scriptedModel([asks('a'), 'done']);
    const agent = new Agent({
      ...base,
      llm,
      tools: [status],
      stepCallback: async (step) => {
        steps.push(step);
        runs.push(currentRun()?.id);
        if (isHeld) await gate.pass();
        isHeld = false;
      },
    });
    const run = agent.start('Go');
    await gate.reached;
    for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
    expect(llm.requests).toHaveLength(1); // the model is not asked again before the callback is done
    gate.open();
    await run.result;
    const place = { runId: run.id, task: null, agent: 'Clerk' };
    expect(steps).toEqual([
      {
        ...place,
        turn: 1,
        kind: 'tools',
        text: 'I ask of a.',
        calls: [
          { tool: 'status', callId: 'call-0', args: { of: 'a' }, result: 'a is pending', isError: false },
        ],
      },
      { ...place, turn: 2, kind: 'answer', text: 'done' },
    ]);
    expect(runs).toEqual([run.id, run.id]);
  });

  test('what it throws ends the work, with its cause', async () => {
    const cause = new TypeError('no disk');
    const agent = new Agent({
      ...base,
      llm: scriptedModel(['done']),
      stepCallback: () => {
        throw cause;
      },
    });
    const run = agent.start('Go');
    const error = await run.result.catch((thrown) => thrown);
    expect(error).toMatchObject({ code: 'agent/step-callback', details: { agent: 'Clerk', turn: 1 }, cause });
    expect(checkTrace(await eventsOf(run), { audit: await run.flush() })).toEqual([]);
  });

  test('one that never settles does not keep a cancelled run', async () => {
    const gate = createGate();
    const agent = new Agent({ ...base, llm: scriptedModel(['done']), stepCallback: () => gate.pass() });
    const run = agent.start('Go');
    await gate.reached;
    run.cancel('enough');
    await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
    gate.open();
  });
});

describe('a model that asks for the same again and again', () => {
  const notes = (messages: readonly Message[]): string[] =>
    messages.flatMap(({ role, content }) =>
      role === 'user' && String(content).startsWith('You have called') ? [String(content)] : [],
    );

  test('is told so after three turns with the same arguments and results, and goes on', async () => {
    const llm = scriptedModel([asks('a'), asks('a'), asks('a'), asks('a'), 'done']);
    const { messages, text } = await new Agent({ ...base, llm, tools: [status] }).kickoff('Go');
    expect(text).toBe('done');
    expect(notes(messages)).toEqual([expect.stringMatching(/^You have called "status" 3 times in a row/)]);
    expect(notes(llm.requests[2]!.messages)).toEqual([]);
  });

  test('is not told when results differ, or arguments, or when something else came between', async () => {
    let count = 0;
    const counting = defineTool({
      name: 'status',
      description: 'Counts.',
      input: z.object({ of: z.string() }),
      execute: () => ++count,
    });
    const llm = scriptedModel([asks('a'), asks('a'), asks('a'), asks('a'), 'done']);
    expect(notes((await new Agent({ ...base, llm, tools: [counting] }).kickoff('Go')).messages)).toEqual([]);
    const mixed = scriptedModel([asks('a'), asks('a'), asks('b'), asks('a'), asks('a'), 'done']);
    expect(notes((await new Agent({ ...base, llm: mixed, tools: [status] }).kickoff('Go')).messages)).toEqual(
      [],
    );
  });
});

describe('maxRpm', () => {
  test('bounds all runs of an agent in a runtime together, and no other agent or runtime', async () => {
    const clock = createManualClock();
    const llm = scriptedModel(['ok'], { loop: true });
    const slow = new Agent({ ...base, llm, maxRpm: 3 });
    const other = new Agent({ ...base, llm });
    await using runtime = createRuntime({ clock });
    await using second = createRuntime({ clock });
    let done = 0;
    const runs = Array.from({ length: 8 }, () => slow.kickoff('Go', { runtime }).then(() => done++));
    await other.kickoff('Go', { runtime });
    await slow.kickoff('Go', { runtime: second });
    await clock.settle();
    expect(done).toBe(3);
    await clock.advance(60_000);
    expect(done).toBe(6);
    await clock.advance(60_000);
    await Promise.all(runs);
    expect(done).toBe(8);
  });

  test('also inside crews; who waits can be cancelled, and leaves no timer and no reservation', async () => {
    const clock = createManualClock();
    const agent = new Agent({ ...base, llm: scriptedModel(['ok'], { loop: true }), maxRpm: 1 });
    const task = new Task({ description: 'Go', expectedOutput: 'It', agent });
    const crew = new Crew({ agents: [agent], tasks: [task] });
    await using runtime = createRuntime({ clock });
    await crew.kickoff({ runtime });
    const run = crew.start({ runtime });
    while (clock.timers === 0) await clock.settle();
    run.cancel('enough');
    await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
    expect([clock.timers, run.ledger, (await run.flush()).openAttempts]).toEqual([0, [], 0]);
  });
});

describe('skills', () => {
  test('are named in the prompt, and read by a tool', async () => {
    const loads: string[] = [];
    const skill = (name: string) => ({
      name,
      description: `How to ${name}.`,
      load: () => {
        loads.push(name);
        return `# ${name}\nTie it.`;
      },
    });
    const llm = scriptedModel([{ toolCalls: [{ tool: 'load_skill', args: { name: 'splice' } }] }, 'tied']);
    const agent = new Agent({ ...base, llm, skills: [skill('splice'), skill('moor')] });
    const { messages } = await agent.kickoff('Tie up.');
    expect(messages[0]!.content).toContain('- splice: How to splice.\n- moor: How to moor.');
    expect(messages[3]).toMatchObject({ role: 'tool', content: '# splice\nTie it.' });
    expect(llm.requests[0]!.tools.map(({ name }) => name)).toEqual(['load_skill']);
    expect(loads).toEqual(['splice']);
  });

  test('a name that is none is answered with those that are', async () => {
    const skills = [{ name: 'moor', description: 'How to moor.', load: () => 'x' }];
    const llm = scriptedModel([{ toolCalls: [{ tool: 'load_skill', args: { name: 'fly' } }] }, 'no']);
    const { messages } = await new Agent({ ...base, llm, skills }).kickoff('Fly.');
    expect(messages[3]).toMatchObject({ isError: true, content: expect.stringContaining('moor') });
  });
});
