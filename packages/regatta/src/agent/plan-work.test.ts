import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Agent, Crew, defineTool, type PlanningOptions, Task } from '../index.ts';
import { createGate } from '../testing/index.ts';
import { type Asked, json, played, traced } from '../testing/played.fixture.ts';

const depth = defineTool({
  name: 'depth',
  description: 'Gives a depth.',
  input: z.object({ place: z.string() }),
  execute: ({ place }) => `7 m at ${place}`,
});

type Kind = 'plan' | 'judge' | 'step' | 'answer';

function kindOf({ text }: Asked): Kind {
  if (/plan it as steps|must be made anew/.test(text)) return 'plan';
  if (text.includes('Say which steps did not do')) return 'judge';
  return text.includes('The steps of your plan are over') ? 'answer' : 'step';
}

type Parts = Readonly<Record<Kind, (asked: Asked) => ReturnType<Parameters<typeof played>[0][string]>>>;

const item = (id: string, needs: readonly string[] = []) => ({ id, instructions: `Do ${id}`, needs });
const plan = (...items: readonly object[]) => json({ items });
const FINE = { failed: [], needsNewPlan: false, reason: '' };
const results = ({ text }: Asked) =>
  Array.from(text.matchAll(/^## .*\n(.*)$/gm), ([, line]) => line!).join(' | ');

const STANDARD: Parts = {
  plan: () => plan(item('sound'), item('look'), item('chart', ['sound', 'look'])),
  judge: () => json(FINE),
  step: ({ text }) => `done ${/Do (\w+)$/.exec(text)?.[1]}`,
  answer: results,
};

function start(
  parts: Partial<Parts>,
  planning: PlanningOptions | true,
  options: { task?: object; agent?: object } = {},
) {
  const all = { ...STANDARD, ...parts };
  const llm = played({
    // A step's own turns end with a tool's result.
    Pilot: (asked) =>
      asked.request.messages.at(-1)?.role === 'tool' ? all.step(asked) : all[kindOf(asked)](asked),
  });
  const agent = new Agent({ role: 'Pilot', goal: 'Know', llm, planning, ...options.agent });
  const task = new Task({
    name: 'bar',
    description: 'Cross the bar',
    expectedOutput: 'How',
    agent,
    ...options.task,
  });
  return { run: new Crew({ agents: [agent], tasks: [task] }).start(), llm };
}

const count = (events: readonly { type: string }[], type: string) =>
  events.filter((event) => event.type === type).length;

test('steps run by what they need, at once where they may, and one answer is made of them', async () => {
  const gates = [createGate(), createGate()];
  const { run, llm } = start(
    {
      step: async ({ text }) => {
        const name = /Do (\w+)$/.exec(text)?.[1];
        if (name === 'chart')
          return `chart of ${/## 1.1: Do sound\n(.*)/.exec(text)?.[1]} and ${/## 1.2: Do look\n(.*)/.exec(text)?.[1]}`;
        gates[name === 'sound' ? 0 : 1]!.open();
        await Promise.all(gates.map((gate) => gate.pass()));
        return `done ${name}`;
      },
    },
    { effort: 'low' },
  );
  const { output, events, findings, usage } = await traced(run);
  expect(findings).toEqual([]);
  expect(output?.text).toBe('done sound | done look | chart of done sound and done look');
  expect(usage.byAgent.Pilot?.calls).toBe(5); // a plan, three steps, an answer: low asks no judge
  expect(events.find(({ type }) => type === 'plan.end')).toMatchObject({
    of: 'agent',
    items: [
      { id: '1.1', needs: [] },
      { id: '1.2', needs: [] },
      { id: '1.3', needs: ['1.1', '1.2'] },
    ],
  });
  expect(events.find(({ type }) => type === 'agent.end')).toMatchObject({ calls: 5, text: output?.text });
  expect(JSON.stringify(llm.requests[1]!.messages)).not.toContain('plan it as steps'); // a step sees the task, not the planning
});

test('steps use the tools of the agent, each at most maxStepIterations times', async () => {
  const uses =
    (most: number) =>
    ({ results: told }: Asked) =>
      told.length < most
        ? { toolCalls: [{ tool: 'depth', args: { place: 'bar' } }] }
        : `sounded ${told.length}`;
  const one = { plan: () => plan(item('sound')), step: uses(2) };
  const fine = await traced(start(one, { effort: 'low' }, { agent: { tools: [depth] } }).run);
  expect(fine.findings).toEqual([]);
  expect(fine.output?.text).toBe('sounded 2');
  const endless = {
    plan: () => plan(item('sound')),
    step: (asked: Asked) =>
      asked.request.toolChoice === 'none' ? `cut off at ${asked.results.length}` : uses(99)(asked),
  };
  const llmCalls = start(
    { ...endless, answer: results },
    { effort: 'low', maxStepIterations: 3 },
    { agent: { tools: [depth] } },
  );
  const { usage, findings, events } = await traced(llmCalls.run);
  expect(findings).toEqual([]);
  expect(count(events, 'tool.start')).toBe(3);
  expect(usage.calls).toBe(6); // a plan, three with tools, a forced one, an answer
});

test('an output schema is for the answer alone', async () => {
  const { run } = start({ answer: ({ text }) => json({ safe: text.includes('done chart') }) }, true, {
    task: { output: z.object({ safe: z.boolean() }) },
  });
  const { output, findings, usage } = await traced(run);
  expect(findings).toEqual([]);
  expect(output?.parsed).toEqual({ safe: true });
  expect(usage.calls).toBe(7); // medium: two rounds are judged
});

const fails =
  (name: string) =>
  ({ text }: Asked) =>
    text.endsWith(`Do ${name}`) ? { error: new Error('fog') } : `done ${/Do (\w+)$/.exec(text)?.[1]}`;

test('low: a failed step is a result, and only a round without any success is planned anew', async () => {
  const some = await traced(start({ step: fails('look') }, { effort: 'low' }).run);
  expect(some.findings).toEqual([]);
  expect(some.output?.text).toMatch(/done sound \| This step failed: .*fog.* \| done chart/);
  expect(count(some.events, 'plan.start')).toBe(1);
  const all = await traced(
    start(
      {
        plan: ({ text }) => (text.includes('made anew') ? plan(item('wait', ['1.1'])) : plan(item('look'))),
        step: fails('look'),
      },
      { effort: 'low' },
    ).run,
  );
  expect(all.findings).toEqual([]);
  expect(all.output?.text).toMatch(/fog.* \| done wait/);
  const plans = all.events.flatMap((event) => (event.type === 'plan.start' ? [event.reason] : []));
  expect(plans).toEqual([null, 'No step of the last round succeeded: 1.1.']);
  expect(all.events.findLast(({ type }) => type === 'plan.end')).toMatchObject({
    items: [{ id: '2.1', needs: ['1.1'] }],
  });
});

test('medium: a judge may ask for a new plan; a failure alone does not', async () => {
  const holds = await traced(
    start({ step: fails('look'), judge: () => json({ ...FINE, failed: [] }) }, true).run,
  );
  expect([holds.findings, count(holds.events, 'plan.start'), count(holds.events, 'review.end')]).toEqual([
    [],
    1,
    2,
  ]);
  let judged = 0;
  const anew = await traced(
    start(
      {
        judge: () =>
          json(
            judged++ === 0
              ? { failed: [{ step: '1.2', why: 'fog' }], needsNewPlan: true, reason: 'No sight' }
              : FINE,
          ),
        plan: ({ text }) =>
          (text.includes('made anew: No sight') ? plan(item('wait')) : STANDARD.plan({} as Asked)) as string,
      },
      true,
    ).run,
  );
  expect(anew.findings).toEqual([]);
  expect(anew.output?.text).toBe('done sound | done look | done wait');
  expect(anew.events.filter(({ type }) => type === 'review.end')).toMatchObject([
    { accepted: false, feedback: { '1.2': 'fog' } },
    { accepted: true },
  ]);
});

test('high: refines what waits, stops early, and plans anew after any failure', async () => {
  const high = { ...FINE, refinements: [], goalReached: false };
  const refined = await traced(
    start(
      {
        judge: ({ text }) =>
          json({
            ...high,
            refinements: text.includes('- 1.3') ? [{ step: '1.3', instructions: 'Do better' }] : [],
          }),
      },
      { effort: 'high' },
    ).run,
  );
  expect(refined.findings).toEqual([]);
  expect(refined.output?.text).toBe('done sound | done look | done better');
  const early = await traced(
    start({ judge: () => json({ ...high, goalReached: true }) }, { effort: 'high' }).run,
  );
  expect(early.output?.text).toBe('done sound | done look');
  const failed = await traced(
    start(
      {
        step: fails('look'),
        judge: () => json(high),
        plan: ({ text }) => (text.includes('anew') ? plan() : plan(item('look'), item('never', ['look']))),
      },
      { effort: 'high' },
    ).run,
  );
  expect(failed.findings).toEqual([]);
  expect(count(failed.events, 'plan.start')).toBe(2);
  expect(failed.output?.text).toMatch(/^This step failed: .*fog/);
});

test('an endless planner is bounded: maxReplans plans more, and then an answer of what there is', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 1, max: 3 }),
      async (maxReplans, maxSteps) => {
        const steps = Array.from({ length: maxSteps }, (_, index) => item(`s${index}`));
        const { run } = start(
          {
            plan: () => plan(...steps),
            judge: () => json({ ...FINE, needsNewPlan: true, reason: 'More' }),
            answer: () => 'enough',
          },
          { maxReplans, maxSteps },
        );
        const { output, events, findings } = await traced(run);
        expect(findings).toEqual([]);
        expect(output?.text).toBe('enough');
        expect(count(events, 'plan.start')).toBe(maxReplans + 1);
        expect(count(events, 'step.start')).toBe((maxReplans + 1) * maxSteps);
      },
    ),
    { numRuns: 12 },
  );
  const { run } = start({ plan: () => plan(item('a'), item('b')) }, { maxSteps: 1 });
  const tooMany = await traced(run);
  expect([tooMany.findings, (tooMany.error as { code: string }).code]).toEqual([[], 'output/invalid']);
});

test('a step has its own time, and a run that is cancelled in any phase ends every span once', async () => {
  const slow = await traced(
    start(
      { plan: () => plan(item('look')), step: () => new Promise<string>(() => undefined) },
      { effort: 'low', stepTimeoutMs: 5, maxReplans: 0 },
    ).run,
  );
  expect(slow.findings).toEqual([]);
  expect(slow.events.find(({ type }) => type === 'step.end')).toMatchObject({
    error: { code: 'plan/step-timeout', details: { stepTimeoutMs: 5 } },
  });
  for (const type of ['plan.start', 'plan.end', 'step.start', 'step.end', 'review.start', 'review.end']) {
    const agent = new Agent({
      role: 'Pilot',
      goal: 'Know',
      planning: true,
      llm: played({ Pilot: (asked) => STANDARD[kindOf(asked)](asked) }),
    });
    const task = new Task({ name: 'bar', description: 'Cross', expectedOutput: 'How', agent });
    const run = new Crew({ agents: [agent], tasks: [task] }).start({
      callbacks: [(event) => event.type === type && run.cancel('enough')],
    });
    const { findings, error } = await traced(run);
    expect(findings, type).toEqual([]);
    expect(error, type).toMatchObject({ code: 'run/cancelled' });
  }
});

test('another model may plan and judge, and is billed to the agent', async () => {
  const planner = played({ Pilot: (asked) => (kindOf(asked) === 'plan' ? plan(item('sound')) : json(FINE)) });
  const { run, llm } = start({ plan: () => 'never', judge: () => 'never' }, { llm: planner });
  const { output, findings, usage } = await traced(run);
  expect(findings).toEqual([]);
  expect(output?.text).toBe('done sound');
  expect([planner.requests.length, llm.requests.length, usage.byAgent.Pilot?.calls]).toEqual([2, 2, 4]);
});

test('bounds are checked when the agent is made', () => {
  const make = (planning: object) => () => new Agent({ role: 'Pilot', goal: 'Know', planning });
  expect(make({ effort: 'extreme' })).toThrow(/planning.effort must be/);
  expect(make({ maxSteps: 0, maxReplans: -1, maxStepIterations: 0, stepTimeoutMs: 0 })).toThrow(
    /maxSteps.*maxReplans.*maxStepIterations.*stepTimeoutMs/s,
  );
});
