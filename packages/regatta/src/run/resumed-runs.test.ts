import { expect, test } from 'vitest';
import { z } from 'zod';
import {
  Agent,
  type AgentOptions,
  Crew,
  createRuntime,
  defineTool,
  type KickoffOptions,
  LLM,
  type RunEvent,
  respond,
  Task,
} from '../index.ts';
import {
  checkTrace,
  createManualClock,
  memoryJournal,
  type ScriptStep,
  scriptedModel,
} from '../testing/index.ts';
import { eventsOf } from '../testing/marked.fixture.ts';

interface Changes {
  readonly agent?: Partial<AgentOptions>;
  readonly first?: Partial<ConstructorParameters<typeof Task>[0]>;
  readonly tools?: AgentOptions['tools'];
}

const overload = { error: new Error('the model fell over') };

/** Two tasks, of which each asks the model once. */
function crewOf(script: readonly ScriptStep[], { agent: own, first, tools = [] }: Changes = {}) {
  const llm = scriptedModel(script, { id: 'scripted/a' });
  const agent = new Agent({ role: 'writer', goal: 'Write', llm, tools, ...own });
  const given = { expectedOutput: 'A text', agent };
  const draft = new Task({ name: 'draft', description: 'Draft {topic}', ...given, ...first });
  const edit = new Task({ name: 'edit', description: 'Edit', ...given });
  return { crew: new Crew({ agents: [agent], tasks: [draft, edit] }), llm };
}

const inputs = { topic: 'tides' };

async function failed(journal = memoryJournal(), options: KickoffOptions = {}) {
  const { crew } = crewOf(['a draft', overload]);
  const run = crew.start({ inputs, journal, ...options });
  await expect(run.result).rejects.toThrow('the model fell over');
  return { run, journal, runId: run.id };
}

test('a run that failed goes on where it failed: same id, inputs and start; its earlier usage is part of the total', async () => {
  const clock = createManualClock(5_000);
  const first = createRuntime({ clock });
  const { run, journal, runId } = await failed(memoryJournal(), { runtime: first });
  expect((await journal.read(runId))?.run).toMatchObject({
    status: 'failed',
    heldBy: null,
    startedAtMs: 5_000,
  });
  await clock.advance(60_000);
  const { crew, llm } = crewOf(['an edit']);
  const again = await createRuntime({ clock }).resume(crew, runId, { journal });
  const output = await again.result;
  expect(output).toMatchObject({ runId, text: 'an edit', tasks: [{ text: 'a draft' }, { text: 'an edit' }] });
  expect(llm.requests).toHaveLength(1);
  expect(JSON.stringify(llm.requests[0]!.messages)).toContain('a draft');
  expect(again.ledger.map(({ attemptId, status }) => [attemptId.slice(runId.length), status])).toEqual([
    ['/draft/agent/turn-1#1', 'succeeded'],
    ['/edit/agent/turn-1#1', 'failed'],
    ['/edit/agent/turn-1#2.1', 'succeeded'],
  ]);
  expect(run.usage.attempts).toBe(2);
  expect((await journal.read(runId))?.run).toMatchObject({
    status: 'succeeded',
    epoch: 2,
    startedAtMs: 5_000,
  });
});

test('what an earlier epoch has told is not told again; what was under way begins again, marked with the epoch', async () => {
  const { run, journal, runId } = await failed();
  const heard: RunEvent[] = [];
  const again = await crewOf(['an edit']).crew.resume(runId, {
    journal,
    callbacks: [(e) => void heard.push(e)],
  });
  await again.result;
  await again.flush();
  expect(heard.map(({ type, task }) => `${type} ${task ?? ''}`.trim())).toEqual([
    'run.start',
    'task.start edit',
    'agent.start edit',
    'model.start edit',
    'model.end edit',
    'agent.end edit',
    'task.end edit',
    'run.end',
  ]);
  expect(heard.map(({ seq, epoch }) => [seq, epoch])).toEqual(heard.map((_, index) => [index, 2]));
  const evidence = { ledger: again.ledger, audit: await again.flush() };
  expect(checkTrace(heard, evidence)).toEqual([]);
  const all = [...(await eventsOf(run)), ...(await eventsOf(again))];
  expect(checkTrace(all, evidence)).toEqual([]);
});

test('a run that succeeded gives its output again, and nobody is asked', async () => {
  const journal = memoryJournal();
  const { crew, llm } = crewOf(['a draft', 'an edit']);
  const first = await crew.kickoff({ inputs, journal });
  const again = await crew.resume(first.runId, { journal });
  expect(await again.result).toEqual({ ...first });
  expect(llm.requests).toHaveLength(2);
  expect((await eventsOf(again)).map(({ type }) => type)).toEqual(['run.start', 'run.end']);
});

test('a run that is under way, or unknown, or has no journal, is not resumed', async () => {
  const journal = memoryJournal();
  const { crew } = crewOf([() => new Promise<never>(() => undefined)]);
  const run = crew.start({ inputs, journal });
  const refused = async (work: Promise<unknown>, code: string) =>
    await expect(work).rejects.toMatchObject({ code });
  await refused(crew.resume(run.id, { journal }), 'journal/held');
  await refused(crew.resume('nobody', { journal }), 'journal/unknown-run');
  await refused(crew.resume(run.id), 'journal/missing');
  await refused(crew.fork(run.id, { from: { task: 'edit' } }), 'journal/missing');
  await refused(crew.replay(run.id, { fromTask: 'edit' }), 'journal/missing');
  expect(() => crew.start({ inputs, onInput: 'suspend' })).toThrow(
    expect.objectContaining({ code: 'journal/missing' }),
  );
  run.cancel();
  await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
  await expect.poll(async () => (await journal.read(run.id))?.run.status).toBe('cancelled');
});

test('a run that was claimed and cannot be started is let go of', async () => {
  const { journal, runId } = await failed();
  const { crew } = crewOf(['an edit']);
  const closed = createRuntime();
  await closed.close();
  await expect(closed.resume(crew, runId, { journal })).rejects.toMatchObject({ code: 'runtime/closed' });
  expect((await (await crew.resume(runId, { journal })).result).text).toBe('an edit');
});

test('who lost a run ends at its next record: what it did is not in the journal, and its end is refused (R53)', async () => {
  const journal = memoryJournal();
  const { promise, resolve } = Promise.withResolvers<string>();
  const slow = crewOf([() => promise]).crew.start({ inputs, journal });
  await expect.poll(async () => (await journal.read(slow.id))?.records.length).toBe(1);
  const taker = await crewOf(['a draft', 'an edit']).crew.resume(slow.id, { journal, takeOver: true });
  expect((await taker.result).text).toBe('an edit');
  resolve('a late draft');
  const error = await slow.result.catch((thrown) => thrown);
  expect(error).toMatchObject({ code: 'journal/lost', details: { epoch: 1 } });
  expect(slow.status).toBe('failed');
  const kept = await journal.read(slow.id);
  expect(kept?.run).toMatchObject({ status: 'succeeded', epoch: 2 });
  expect(JSON.stringify(kept)).not.toContain('a late draft');
});

const look = (description: string) =>
  defineTool({ name: 'look', description, input: z.object({}), execute: () => 'seen' });

test.each<[string, Changes, string[]]>([
  [
    'a goal',
    { agent: { goal: 'Write well' } },
    ['agent "writer": goal', 'task "draft": agent', 'task "edit": agent'],
  ],
  ['a prompt', { first: { description: 'Draft {topic} anew' } }, ['task "draft": description']],
  ['a schema', { first: { output: z.object({ a: z.string() }) } }, ['task "draft": contract']],
  [
    'a tool',
    { tools: [look('Looks.')] },
    ['tool "look" is new', 'task "draft": tools', 'task "edit": tools'],
  ],
  [
    'a model',
    { agent: { llm: scriptedModel([], { id: 'scripted/b' }) } },
    ['agent "writer": llm', 'task "draft": agent', 'task "edit": agent'],
  ],
  ['a name', { first: { name: 'sketch' } }, ['crew: tasks', 'task "draft" is gone', 'task "sketch" is new']],
])('%s that has changed is named, and the run is left as it was', async (_, changes, expected) => {
  const { journal, runId } = await failed();
  const { crew } = crewOf(['an edit'], changes);
  const refusal = await crew.resume(runId, { journal }).catch((error) => error);
  expect(refusal).toMatchObject({ code: 'journal/code-changed', details: { runId } });
  expect([...refusal.details.changes].sort()).toEqual([...expected].sort());
  for (const change of expected) expect(refusal.message).toContain(change);
  expect((await journal.read(runId))?.run).toMatchObject({ status: 'failed', epoch: 1, heldBy: null });
});

test('a change is taken where it is allowed', async () => {
  const { journal, runId } = await failed();
  const changed = crewOf(['an edit'], { agent: { goal: 'Write well' } }).crew;
  const run = await changed.resume(runId, { journal, allowChanges: true });
  expect((await run.result).tasks.map(({ text }) => text)).toEqual(['a draft', 'an edit']);
});

test('a replay keeps what came before a task, and does the rest anew in a run of its own', async () => {
  const journal = memoryJournal();
  const first = await crewOf(['a draft', 'an edit']).crew.kickoff({ inputs, journal });
  const { crew, llm } = crewOf(['another edit'], {});
  const run = await crew.replay(first.runId, { fromTask: 'edit', journal });
  const output = await run.result;
  expect(output.tasks.map(({ text }) => text)).toEqual(['a draft', 'another edit']);
  expect([llm.requests.length, output.usage.attempts, run.id === first.runId]).toEqual([1, 1, false]);
  expect((await journal.read(run.id))?.run).toMatchObject({
    inputs,
    epoch: 1,
    status: 'succeeded',
    parent: { runId: first.runId, from: 'edit' },
  });
  expect(checkTrace(await eventsOf(run), { ledger: run.ledger })).toEqual([]);
  const origin = await journal.read(first.runId);
  expect(origin?.run).toMatchObject({ status: 'succeeded', epoch: 1 });
});

test('a fork takes other inputs, may begin at any recorded step, and may be forked and resumed itself', async () => {
  const journal = memoryJournal();
  const first = await crewOf(['a draft', 'an edit']).crew.kickoff({ inputs, journal });
  const whole = await crewOf(['waves', 'an edit of waves']).crew.fork(first.runId, {
    journal,
    from: { task: 'draft' },
    inputs: { topic: 'waves' },
  });
  expect((await whole.result).tasks.map(({ text }) => text)).toEqual(['waves', 'an edit of waves']);
  const step = 'edit/agent/turn-1:model';
  const { crew } = crewOf([overload]);
  const broken = await crew.fork(whole.id, { journal, from: { step } });
  await expect(broken.result).rejects.toThrow('the model fell over');
  const mended = await crewOf(['edited at last']).crew.resume(broken.id, { journal });
  expect((await mended.result).tasks.map(({ text }) => text)).toEqual(['waves', 'edited at last']);
  expect(mended.usage.attempts).toBe(2);
  for (const from of [{ task: 'print' }, { step: 'print:model' }]) {
    await expect(crew.fork(first.runId, { journal, from })).rejects.toMatchObject({
      code: 'journal/unknown-step',
    });
  }
});

test('a fork asks only whether the tasks that it keeps are as they were', async () => {
  const journal = memoryJournal();
  const first = await crewOf(['a draft', 'an edit']).crew.kickoff({ inputs, journal });
  const { crew } = crewOf(['anew', 'edited'], { first: { description: 'Draft anew' } });
  await expect(crew.replay(first.runId, { fromTask: 'edit', journal })).rejects.toMatchObject({
    code: 'journal/code-changed',
    details: { changes: ['task "draft": description'] },
  });
  const run = await crew.replay(first.runId, { fromTask: 'draft', journal });
  expect((await run.result).tasks.map(({ text }) => text)).toEqual(['anew', 'edited']);
});

test("a run's budget is for all its epochs; a crew's in the same runtime books nothing twice", async () => {
  const runtime = createRuntime({ budget: { calls: 3 } });
  const { journal, runId } = await failed(memoryJournal(), { runtime });
  const { crew } = crewOf(['an edit']);
  const broke = await runtime.resume(crew, runId, { journal, budget: { calls: 2 } });
  await expect(broke.result).rejects.toMatchObject({
    code: 'budget/exceeded',
    details: { owner: 'run', used: 2 },
  });
  const run = await runtime.resume(crew, runId, { journal, budget: { calls: 3 } });
  expect((await run.result).usage.attempts).toBe(3);
});

test('chance is derived from the recorded seed and the place, so a repeated span draws the same', async () => {
  const journal = memoryJournal();
  const drawn: number[] = [];
  const draw: ScriptStep = (_, { random }) => {
    drawn.push(random(), random());
    throw new Error('drawn');
  };
  const run = crewOf([draw]).crew.start({ inputs, journal });
  await expect(run.result).rejects.toThrow();
  const again = await crewOf([draw]).crew.resume(run.id, { journal });
  await expect(again.result).rejects.toThrow();
  const other = crewOf([draw]).crew.start({ inputs, journal });
  await expect(other.result).rejects.toThrow();
  expect(drawn.slice(2, 4)).toEqual(drawn.slice(0, 2));
  expect(new Set([drawn[0], drawn[1], drawn[4], drawn[5]]).size).toBe(4);
});

test("a runtime's journal is for what can be resumed: a single call of a model is not recorded", async () => {
  const journal = memoryJournal();
  const runtime = createRuntime({ journal });
  const { text } = await new LLM({ model: scriptedModel(['hello']) }).call('hi', { runtime });
  expect([text, await journal.list()]).toEqual(['hello', []]);
});

/** A tool that must not be repeated, in a run whose process was lost while it was at work. */
async function lostUse(options: { sideEffect?: boolean; onUnknownOutcome?: 'ask' | 'repeat' | 'fail' }) {
  const journal = memoryJournal();
  const uses: string[] = [];
  const never = new Promise<never>(() => undefined);
  const pay = (outcome: () => unknown) =>
    defineTool({
      name: 'pay',
      description: 'Pays.',
      input: z.object({ sum: z.number() }),
      execute: (_, { idempotencyKey }) => {
        uses.push(idempotencyKey);
        return outcome();
      },
      ...options,
    });
  const asks = { toolCalls: [{ tool: 'pay', args: { sum: 7 } }] };
  const tell: ScriptStep = ({ messages }) => String(messages.at(-1)?.content);
  const crew = (outcome: () => unknown) => crewOf([asks, tell, 'an edit'], { tools: [pay(outcome)] }).crew;
  const lost = crew(() => never).start({ inputs, journal });
  await expect.poll(() => uses.length).toBe(1);
  const resumed = crewOf([tell, 'an edit'], { tools: [pay(() => 'paid')] }).crew;
  const run = await resumed.resume(lost.id, { journal, takeOver: true });
  const drafted = async () => (await run.result).tasks[0]!.text;
  return { run, uses, drafted, journal, resumed };
}

test('a use without side effect is repeated, with the same idempotency key (R56)', async () => {
  const { uses, drafted } = await lostUse({});
  expect(await drafted()).toBe('paid');
  expect(uses).toHaveLength(2);
  expect(uses[1]).toBe(uses[0]);
});

test('a use whose outcome nobody knows is not repeated in silence: a person is asked (R56)', async () => {
  for (const answer of [{ approved: true }, { approved: false, reason: 'It was paid' }] as const) {
    const { run, uses, drafted } = await lostUse({ sideEffect: true });
    const told: string[] = [];
    for await (const { type } of run.events()) {
      told.push(type);
      if (type === 'input.start') break;
    }
    expect(told).toEqual(['run.start', 'task.start', 'agent.start', 'tool.start', 'input.start']);
    expect([run.pendingInputs.length, uses.length]).toEqual([1, 1]);
    const [asked] = run.pendingInputs;
    expect(asked).toMatchObject({
      kind: 'approval',
      subject: { tool: 'pay', args: { sum: 7 } },
      agent: 'writer',
    });
    run.respond(asked!.token, answer);
    const text = await drafted();
    expect(text).toContain(answer.approved ? 'paid' : 'It was paid.');
    expect(uses).toHaveLength(answer.approved ? 2 : 1);
  }
});

test('a repetition that is lost itself is asked about again', async () => {
  const { run, uses, journal, resumed } = await lostUse({ sideEffect: true });
  await expect.poll(() => run.pendingInputs.length).toBe(1);
  const { token } = run.pendingInputs[0]!;
  await respond(journal, run.id, { token, answer: { approved: true } });
  const { records = [] } = (await journal.read(run.id)) ?? {};
  const place = token.slice(run.id.length + 1).replace('/repeat-1', '');
  expect(records.map(({ key }) => key)).toContain(`${place}:started-1`);
  await journal.write(run.id, { key: `${place}:started-2`, value: 2 }, 2); // begun again, and lost again
  const third = await resumed.resume(run.id, { journal, takeOver: true });
  await expect.poll(() => third.pendingInputs.length).toBe(1);
  expect(third.pendingInputs[0]!.token).toContain('repeat-2');
  expect(uses).toHaveLength(1);
  third.cancel();
  run.cancel();
});

test('a tool may decide for itself what becomes of a lost use', async () => {
  const repeated = await lostUse({ sideEffect: true, onUnknownOutcome: 'repeat' });
  expect([await repeated.drafted(), repeated.uses.length]).toEqual(['paid', 2]);
  const dropped = await lostUse({ sideEffect: true, onUnknownOutcome: 'fail' });
  expect(await dropped.drafted()).toContain('Nobody knows whether tool "pay" did its work');
  expect(dropped.uses).toHaveLength(1);
});

test('a failure that the model was told of is recorded, so a resumed run tells it the same', async () => {
  const journal = memoryJournal();
  let uses = 0;
  const shaky = defineTool({
    name: 'shaky',
    description: 'Fails once.',
    input: z.object({}),
    execute: () => {
      if (++uses === 1) throw new Error('wind');
      return 'calm';
    },
  });
  const asks = { toolCalls: [{ tool: 'shaky', args: {} }] };
  const run = crewOf([asks, overload], { tools: [shaky] }).crew.start({ inputs, journal });
  await expect(run.result).rejects.toThrow('fell over');
  const { crew, llm } = crewOf(['understood', 'an edit'], { tools: [shaky] });
  const again = await crew.resume(run.id, { journal });
  await again.result;
  expect(uses).toBe(1);
  expect(llm.requests[0]!.messages.at(-1)).toMatchObject({
    role: 'tool',
    isError: true,
    content: 'Tool "shaky" failed: wind',
  });
});
