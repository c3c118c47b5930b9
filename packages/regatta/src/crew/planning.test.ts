import { expect, test } from 'vitest';
import { Agent, Crew, Task } from '../index.ts';
import { createGate } from '../testing/index.ts';
import { json, played, traced } from '../testing/played.fixture.ts';

function crewOf(planner: Parameters<typeof played>[0][string]) {
  const llm = played({
    Planner: planner,
    Writer: ({ text }) => `did: ${/Plan for this task:\n(.*)/.exec(text)?.[1]}`,
  });
  const writer = new Agent({ role: 'Writer', goal: 'Write', llm });
  const tasks = ['outline', 'page'].map(
    (name) =>
      new Task({ name, description: `Make the ${name} on {topic}`, expectedOutput: 'Text', agent: writer }),
  );
  return { crew: new Crew({ agents: [writer], tasks, planning: { llm } }), llm, tasks };
}

const plans = (outline: string, page: string) => json({ plans: { page, outline } });

test('one call plans all tasks, and each plan goes into the prompts of its run alone', async () => {
  let number = 0;
  const { crew, llm, tasks } = crewOf(() => plans(`outline plan ${++number}`, `page plan ${number}`));
  for (const run of [1, 2]) {
    const { output, events, findings, usage } = await traced(crew.start({ inputs: { topic: 'tides' } }));
    expect(findings).toEqual([]);
    expect(output?.tasks.map(({ text }) => text)).toEqual([
      `did: outline plan ${run}`,
      `did: page plan ${run}`,
    ]);
    expect([usage.byAgent.Planner?.calls, usage.calls]).toEqual([1, 3]);
    expect(events[1]).toMatchObject({ type: 'plan.start', of: 'crew', reason: null });
    expect(events.find(({ type }) => type === 'task.start')).toMatchObject({
      description: 'Make the outline on tides',
    });
  }
  expect(tasks[0]!.description).toBe('Make the outline on {topic}');
  expect(JSON.stringify(llm.requests[0]!.messages)).toMatch(
    /Make the outline on tides.*Make the page on tides/,
  );
});

test('a plan that leaves a task out or invents one is sent back; in the end the run fails before any task', async () => {
  const { crew } = crewOf(({ text }) =>
    text.includes('does not match') ? plans('a', 'b') : json({ plans: { page: 'x', cover: 'z' } }),
  );
  const mended = await traced(crew.start({ inputs: { topic: 'tides' } }));
  expect(mended.findings).toEqual([]);
  const rejected = mended.events.find(({ type }) => type === 'output.rejected');
  expect(JSON.stringify(rejected)).toMatch(/outline.*cover/);
  const hopeless = await traced(crewOf(() => json({ plans: {} })).crew.start({ inputs: { topic: 'tides' } }));
  expect(hopeless.findings).toEqual([]);
  expect(hopeless.error).toMatchObject({ code: 'output/invalid', details: { agent: 'Planner' } });
  expect(hopeless.events.filter(({ type }) => type.startsWith('task.'))).toEqual([]);
  expect(hopeless.events.find(({ type }) => type === 'plan.end')).toMatchObject({
    items: [],
    error: { code: 'output/invalid' },
  });
});

test('two runs at once each have their own plan', async () => {
  const gate = createGate();
  let number = 0;
  const { crew } = crewOf(async () => {
    const own = ++number;
    if (own === 2) gate.open();
    await gate.pass(); // both plan before either works
    return plans(`outline plan ${own}`, `page plan ${own}`);
  });
  const inputs = { topic: 'tides' };
  const runs = await Promise.all([traced(crew.start({ inputs })), traced(crew.start({ inputs }))]);
  expect(runs.map(({ output }) => output?.text)).toEqual(['did: page plan 1', 'did: page plan 2']);
});
