/** Whoever tries a crew without a key gets through every process: what is asked of models can be made from its schema. */
import { expect, test } from 'vitest';
import { Agent, Crew, type CrewOptions, Task } from '../index.ts';
import { traced } from '../testing/played.fixture.ts';

const agent = (role: string, options: object = {}) =>
  new Agent({ role, goal: 'Work', llm: 'rehearsal', ...options });
const agents = [agent('Mate'), agent('Cook')];
const task = (options: object = {}) =>
  new Task({ name: 'work', description: 'Do it', expectedOutput: 'Done', ...options });

const planner = (effort: string) => {
  const one = agent('Pilot', { planning: { effort } });
  return { agents: [one], tasks: [task({ agent: one })] };
};
const lead = agent('Skipper', { allowDelegation: true });

const CREWS: Readonly<Record<string, object>> = {
  hierarchical: { process: 'hierarchical', managerLlm: 'rehearsal', agents, tasks: [task()] },
  judge: { process: 'consensus', managerLlm: 'rehearsal', agents, tasks: [task()] },
  vote: { process: 'consensus', decide: 'vote', agents, tasks: [task()] },
  planning: { planning: { llm: 'rehearsal' }, agents, tasks: [task({ agent: agents[0] })] },
  delegation: { agents: [lead, ...agents], tasks: [task({ agent: lead })] },
  low: planner('low'),
  medium: planner('medium'),
  high: planner('high'),
};

test.each(Object.keys(CREWS))('%s', async (name) => {
  const crew = new Crew(CREWS[name] as CrewOptions<Task[]>);
  const { error, output, findings } = await traced(crew.start());
  expect(error).toBeUndefined();
  expect(findings).toEqual([]);
  expect(output?.text).not.toBe('');
});
