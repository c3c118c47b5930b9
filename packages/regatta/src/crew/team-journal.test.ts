/** What models of a team have said is recorded by its place: a resumed run asks nobody, and comes to the same. */
import { expect, test } from 'vitest';
import { Agent, Crew, type CrewOptions, Task } from '../index.ts';
import { memoryJournal } from '../testing/index.ts';
import { json, played, traced } from '../testing/played.fixture.ts';

const llm = played({
  Manager: ({ text }) => {
    if (text.includes('plan how your crew')) {
      const item = (id: string, coworker: string, needs: readonly string[] = []) => ({
        id,
        instructions: id,
        needs,
        coworker,
      });
      return json({ items: [item('a', 'Mate'), item('b', 'Cook'), item('c', 'Mate', ['a', 'b'])] });
    }
    if (text.includes('Check it against')) return json({ revisions: [] });
    const letter = /## Answer (\w+)\nby Cook/.exec(text)?.[1];
    return letter === undefined ? 'composed' : json({ choice: letter, reason: 'Best' });
  },
  Mate: ({ text }) =>
    text.includes('Vote for')
      ? json({ vote: /Answer (\w+)\nby Cook/.exec(text)?.[1], reason: '' })
      : 'by Mate',
  Cook: ({ text }) =>
    text.includes('Vote for')
      ? json({ vote: /Answer (\w+)\nby Cook/.exec(text)?.[1], reason: '' })
      : 'by Cook',
  Skipper: ({ results }) =>
    results.length === 0
      ? {
          toolCalls: ['Mate', 'Cook'].map((coworker) => ({
            tool: 'delegate_work',
            args: { coworker, task: 'x', context: '' },
          })),
        }
      : results.join(', '),
});
const agents = ['Mate', 'Cook'].map((role) => new Agent({ role, goal: 'Help', llm }));
const skipper = new Agent({ role: 'Skipper', goal: 'Lead', llm, allowDelegation: true });
const task = new Task({ name: 'work', description: 'Work', expectedOutput: 'Work' });
const led = new Task({ name: 'work', description: 'Work', expectedOutput: 'Work', agent: skipper });

test.each([
  ['hierarchical', 'composed', { process: 'hierarchical', managerLlm: llm, agents, tasks: [task] }],
  ['judge', 'by Cook', { process: 'consensus', managerLlm: llm, agents, tasks: [task] }],
  ['vote', 'by Cook', { process: 'consensus', decide: 'vote', agents, tasks: [task] }],
  ['function', 'by Cook', { process: 'consensus', decide: () => 1, agents, tasks: [task] }],
  ['delegation', 'by Mate, by Cook', { agents: [skipper, ...agents], tasks: [led] }],
])('%s', async (_name, text, options) => {
  for (let round = 0; round < 4; round++) {
    // Letters differ from run to run, and the recorded ones count.
    const journal = memoryJournal();
    const crew = new Crew(options as unknown as CrewOptions<Task[]>);
    const first = await traced(crew.start({ journal }));
    const asked = llm.requests.length;
    const second = await traced(await crew.resume(first.output!.runId, { journal }));
    expect([first.findings, second.findings]).toEqual([[], []]);
    expect([first.output?.text, second.output?.text]).toEqual([text, text]);
    expect(llm.requests).toHaveLength(asked);
    expect(second.usage).toEqual(first.usage);
  }
});
