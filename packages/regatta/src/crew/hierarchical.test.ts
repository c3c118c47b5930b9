import { expect, test } from 'vitest';
import { z } from 'zod';
import { Agent, Crew, Task } from '../index.ts';
import { type Asked, json, outline, played, traced } from '../testing/played.fixture.ts';

const report = new Task({ name: 'report', description: 'Report on {topic}', expectedOutput: 'A page' });

const PLAN = json({
  items: [
    { id: 'facts', instructions: 'Find facts', needs: [], coworker: 'researcher' },
    { id: 'tone', instructions: 'Describe the reader', needs: [], coworker: 'Writer' },
    { id: 'draft', instructions: 'Write it', needs: ['facts', 'tone'], coworker: 'Writer' },
  ],
});
const ACCEPT = json({ revisions: [] });

/** Which of its phases a manager is in. */
function phase({ text }: Asked): 'plan' | 'review' | 'compose' {
  if (text.includes('plan how your crew')) return 'plan';
  return text.includes('Check it against the task') ? 'review' : 'compose';
}

interface Parts {
  readonly manager: (asked: Asked) => string;
  readonly researcher?: (asked: Asked) => ReturnType<Parameters<typeof played>[0][string]>;
  readonly writer?: (asked: Asked) => ReturnType<Parameters<typeof played>[0][string]>;
}

function crewOf({ manager, researcher = () => '3 facts', writer = () => 'text' }: Parts, more: object = {}) {
  const llm = played({ Manager: manager, Researcher: researcher, Writer: writer });
  const agents = ['Researcher', 'Writer'].map((role) => new Agent({ role, goal: `Be a ${role}`, llm }));
  const crew = new Crew({ process: 'hierarchical', managerLlm: llm, agents, tasks: [report], ...more });
  return { crew, llm, agents };
}

const inputs = { topic: 'tides' };

test('a manager plans, the crew works by the graph, the manager checks and composes', async () => {
  const { crew } = crewOf({
    manager: (asked) =>
      ({
        plan: PLAN,
        review: ACCEPT,
        compose: `Composed of: ${asked.text.match(/by Writer|by Researcher/g)}`,
      })[phase(asked)],
    writer: ({ all }) =>
      all.includes('Write it')
        ? `draft from ${/## facts\n(.*)/.exec(all)?.[1]} and ${/## tone\n(.*)/.exec(all)?.[1]}`
        : 'sailors',
  });
  const { output, events, findings, usage } = await traced(crew.start({ inputs }));

  expect(findings).toEqual([]);
  expect(output?.text).toBe('Composed of: by Researcher,by Writer,by Writer');
  expect(output?.tasks[0]).toMatchObject({ task: 'report', agent: 'Manager' });
  const seen = outline(events, ['plan', 'delegation', 'review', 'task']);
  expect(seen.slice(0, 5)).toEqual([
    'task.start Manager',
    'plan.start -',
    'plan.end -',
    'delegation.start -',
    'delegation.start -',
  ]);
  expect(seen.slice(-4)).toEqual(['delegation.end -', 'review.start -', 'review.end -', 'task.end -']);
  const ends = events.flatMap((event) => (event.type === 'delegation.end' ? [event.text] : []));
  expect(ends.at(-1)).toBe('draft from 3 facts and sailors');
  expect(events.find(({ type }) => type === 'plan.end')).toMatchObject({
    of: 'task',
    items: [
      { id: 'facts', coworker: 'Researcher', needs: [] },
      { id: 'tone' },
      { id: 'draft', needs: ['facts', 'tone'] },
    ],
  });
  expect([usage.byAgent.Manager?.calls, usage.byAgent.Writer?.calls, usage.byTask.report?.calls]).toEqual([
    3, 2, 6,
  ]);
});

test('what the manager sends back is done again with its feedback, and what reads it after it', async () => {
  let reviews = 0;
  const { crew } = crewOf({
    manager: (asked) => {
      if (phase(asked) === 'plan') return PLAN;
      if (phase(asked) === 'compose')
        return /## draft, by Writer\n.*?\n\n(.*)$/m.exec(asked.text)?.[0] ?? asked.text;
      return reviews++ === 0
        ? json({ revisions: [{ assignment: 'facts', feedback: 'Name sources' }] })
        : ACCEPT;
    },
    researcher: ({ all, request }) =>
      all.includes('Your manager sends this back: Name sources')
        ? `${request.messages.some(({ role }) => role === 'assistant') ? '3 facts with sources' : 'nothing'}`
        : '3 facts',
    writer: ({ all }) =>
      all.includes('Write it') ? `draft from ${/## facts\n(.*)/.exec(all)?.[1]}` : 'sailors',
  });
  const { output, events, findings } = await traced(crew.start({ inputs }));
  expect(findings).toEqual([]);
  expect(output?.text).toContain('draft from 3 facts with sources');
  const ids = events.flatMap((event) =>
    event.type === 'delegation.start' ? [event.spanId.split('/').at(-1)] : [],
  );
  expect(ids.toSorted()).toEqual(
    [
      'assignment-1',
      'assignment-2',
      'assignment-3',
      'assignment-1-revision-1',
      'assignment-3-revision-1',
    ].toSorted(),
  );
  expect(events.filter(({ type }) => type === 'review.end')).toMatchObject([
    { accepted: false, feedback: { facts: 'Name sources' } },
    { accepted: true, feedback: {} },
  ]);
});

test('a manager that is never content has maxRevisions rounds, and then answers', async () => {
  for (const maxRevisions of [0, 1, 3]) {
    const { crew } = crewOf(
      {
        manager: (asked) =>
          ({
            plan: PLAN,
            review: json({ revisions: [{ assignment: 'tone', feedback: 'No' }] }),
            compose: 'enough',
          })[phase(asked)],
      },
      { maxRevisions },
    );
    const { output, events, findings } = await traced(crew.start({ inputs }));
    expect(findings).toEqual([]);
    expect(output?.text).toBe('enough');
    expect(events.filter(({ type }) => type === 'review.start')).toHaveLength(maxRevisions);
    expect(events.filter(({ type }) => type === 'delegation.start')).toHaveLength(3 + 2 * maxRevisions);
  }
});

test("one accepted assignment is the answer; a task's own agent is the only one that may be named", async () => {
  const seen: string[] = [];
  const llm = played({
    Manager: (asked) => {
      if (phase(asked) !== 'plan') return ACCEPT;
      seen.push(asked.text);
      const coworker = asked.text.includes('does not match') ? 'Writer' : 'Researcher';
      return json({ items: [{ id: 'all', instructions: 'Do it', needs: [], coworker }] });
    },
    Writer: () => 'the page',
  });
  const [researcher, writer] = ['Researcher', 'Writer'].map((role) => new Agent({ role, goal: 'Work', llm }));
  const task = new Task({ name: 'page', description: 'Write', expectedOutput: 'A page', agent: writer! });
  const crew = new Crew({
    process: 'hierarchical',
    managerLlm: llm,
    agents: [researcher!, writer!],
    tasks: [task],
  });
  const { error, findings } = await traced(crew.start());
  expect(findings).toEqual([]);
  expect(error).toMatchObject({ code: 'output/invalid', details: { agent: 'Manager' } }); // it insists on somebody else
  expect(seen[0]).toContain('- Writer: Work');
  expect(seen[0]).not.toContain('Researcher');

  const corrected = played({
    Manager: (asked) => {
      if (asked.text.includes('does not match'))
        return json({ items: [{ id: 'all', instructions: 'Do it', needs: [], coworker: 'writer' }] });
      return phase(asked) === 'plan'
        ? json({ items: [{ id: 'all', instructions: 'Do it', needs: ['all', 'none'], coworker: 'Owner' }] })
        : ACCEPT;
    },
    Writer: () => 'the page',
  });
  const better = await traced(
    new Crew({
      process: 'hierarchical',
      managerLlm: corrected,
      agents: [new Agent({ role: 'Writer', goal: 'Write', llm: corrected })],
      tasks: [report],
    }).start({ inputs }),
  );
  expect(better.findings).toEqual([]);
  expect(better.output?.text).toBe('the page');
  const rejected = better.events.find(({ type }) => type === 'output.rejected');
  expect(JSON.stringify(rejected)).toMatch(/no item \\"none\\".*\\"Owner\\" is not in your crew/);
});

test('an output schema and guardrails apply to what the manager composes, and it goes on with its own conversation', async () => {
  const llm = played({
    Manager: (asked) => {
      if (asked.text.includes('was not accepted')) return json({ title: 'Short' });
      return { plan: PLAN, review: ACCEPT, compose: json({ title: 'Much too long' }) }[phase(asked)];
    },
    Researcher: () => 'facts',
    Writer: () => 'text',
  });
  const agents = ['Researcher', 'Writer'].map((role) => new Agent({ role, goal: 'Work', llm }));
  const task = new Task({
    name: 'title',
    description: 'Find a title',
    expectedOutput: 'A title',
    output: z.object({ title: z.string() }),
    guardrails: [
      ({ text }) => (text.length < 20 ? { accepted: true } : { accepted: false, feedback: 'Shorter' }),
    ],
  });
  const crew = new Crew({ process: 'hierarchical', managerLlm: llm, agents, tasks: [task] });
  const { output, events, findings } = await traced(crew.start());
  expect(findings).toEqual([]);
  expect(output?.parsed).toEqual({ title: 'Short' });
  const last = llm.requests.at(-1)!.messages.map(({ content }) => JSON.stringify(content));
  expect(last.some((text) => text.includes('Your crew has worked on the task'))).toBe(true);
  expect(events.filter(({ type }) => type === 'plan.start')).toHaveLength(1);
});

test('an assignment that fails is told to the manager; when all fail, the task fails with the first', async () => {
  const fails = () => ({ error: new Error('no library') });
  const { crew } = crewOf({
    manager: (asked) => ({ plan: PLAN, review: ACCEPT, compose: asked.text })[phase(asked)],
    researcher: fails,
  });
  const { output, findings } = await traced(crew.start({ inputs }));
  expect(findings).toEqual([]);
  expect(output?.text).toMatch(/## facts.*This failed: .*no library.*## draft.*This was not done/s);
  const none = await traced(
    crewOf({
      manager: () => PLAN,
      researcher: fails,
      writer: () => ({ error: new Error('no ink') }),
    }).crew.start({ inputs }),
  );
  expect(none.findings).toEqual([]);
  expect(none.error).toMatchObject({ code: 'run/failed', cause: { message: 'no library' } });
});

test('a run that is cancelled in any phase ends every span once', async () => {
  const types = [
    'plan.start',
    'delegation.start',
    'review.start',
    'delegation.end',
    'plan.end',
    'review.end',
  ];
  for (const type of types) {
    const { crew } = crewOf({
      manager: (asked) => ({ plan: PLAN, review: ACCEPT, compose: 'page' })[phase(asked)],
    });
    const run = crew.start({ inputs, callbacks: [(event) => event.type === type && run.cancel('enough')] });
    const { findings, error } = await traced(run);
    expect(findings, type).toEqual([]);
    expect(error, type).toMatchObject({ code: 'run/cancelled' });
  }
});

test('a hierarchical crew has exactly one manager, outside of its agents, without work of its own', () => {
  const llm = played({});
  const agent = new Agent({ role: 'Writer', goal: 'Write', llm });
  const boss = new Agent({ role: 'Boss', goal: 'Lead', llm, planning: true });
  const base = { agents: [agent], tasks: [report] };
  expect(() => new Crew({ ...base, process: 'hierarchical' })).toThrow(/needs a manager/);
  expect(() => new Crew({ ...base, process: 'hierarchical', managerLlm: llm, managerAgent: boss })).toThrow(
    /both given/,
  );
  expect(() => new Crew({ ...base, process: 'hierarchical', managerAgent: agent })).toThrow(
    /one of the agents/,
  );
  expect(() => new Crew({ ...base, process: 'hierarchical', managerAgent: boss })).toThrow(/planning/);
  const task = new Task({ description: 'x', expectedOutput: 'y', agent });
  expect(() => new Crew({ agents: [agent], tasks: [task], managerLlm: llm })).toThrow(
    /nothing to do for a manager/,
  );
});
