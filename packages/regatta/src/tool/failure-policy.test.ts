/** A tool's failure fails the task where tool, task, agent or crew say so: the first of them counts. */
import { expect, test } from 'vitest';
import { Agent, Crew, type OnFailure, Task } from '../index.ts';
import { scriptedModel } from '../testing/index.ts';
import { played, traced } from '../testing/played.fixture.ts';
import { calls, payTool } from './tools.fixture.ts';

interface Words {
  readonly tool?: OnFailure;
  readonly task?: OnFailure;
  readonly agent?: OnFailure;
  readonly crew?: OnFailure;
}
const broken = (onFailure?: OnFailure) =>
  payTool({
    execute: () => {
      throw new Error('no money');
    },
    ...(onFailure && { onFailure }),
  }).tool;

test.each<[Words, 'told' | 'failed']>([
  [{}, 'told'],
  [{ crew: 'fail' }, 'failed'],
  [{ agent: 'answer', crew: 'fail' }, 'told'],
  [{ agent: 'fail' }, 'failed'],
  [{ task: 'answer', agent: 'fail', crew: 'fail' }, 'told'],
  [{ task: 'fail', agent: 'answer' }, 'failed'],
  [{ tool: 'answer', task: 'fail', agent: 'fail', crew: 'fail' }, 'told'],
])('%j: %s', async (words, what) => {
  const llm = scriptedModel([calls('pay', { amount: 1 }), 'told']);
  const agent = new Agent({
    role: 'Clerk',
    goal: 'Pay',
    llm,
    tools: [broken(words.tool)],
    onToolFailure: words.agent,
  });
  const base = { description: 'd', expectedOutput: 'e', agent };
  const task = new Task({ ...base, onToolFailure: words.task });
  const crew = new Crew({ agents: [agent], tasks: [task], ...(words.crew && { onToolFailure: words.crew }) });
  const { output, error, findings } = await traced(crew.start());
  expect(findings).toEqual([]);
  if (what === 'told') expect(output?.text).toBe('told');
  else expect(error).toMatchObject({ code: 'tool/failed', message: expect.stringContaining('no money') });
});

test('the word of the task holds for work that is handed on, and for whoever does it under a process', async () => {
  const llm = played({
    Skipper: ({ results }) =>
      results.length === 0
        ? calls('delegate_work', { coworker: 'Clerk', task: 'Pay', context: '' })
        : `told: ${results[0]}`,
    Clerk: ({ results }) => (results.length === 0 ? calls('pay', { amount: 1 }) : 'not paid'),
  });
  const clerk = new Agent({ role: 'Clerk', goal: 'Pay', llm, tools: [broken()] });
  const skipper = new Agent({ role: 'Skipper', goal: 'Lead', llm, allowDelegation: true });
  const textOf = async (onToolFailure?: OnFailure) => {
    const task = new Task({ description: 'd', expectedOutput: 'e', agent: skipper, onToolFailure });
    const { output, error } = await traced(new Crew({ agents: [skipper, clerk], tasks: [task] }).start());
    return output?.text ?? error;
  };
  expect(await textOf()).toBe('told: not paid');
  expect(await textOf('fail')).toMatchObject({ code: 'delegation/failed' });
});

test('an agent without a crew has its own word; a word that is none is refused', async () => {
  const llm = scriptedModel([calls('pay', { amount: 1 }), 'never']);
  const agent = new Agent({ role: 'Clerk', goal: 'Pay', llm, tools: [broken()], onToolFailure: 'fail' });
  await expect(agent.kickoff('Pay')).rejects.toMatchObject({ code: 'tool/failed' });
  const onToolFailure = 'ignore' as OnFailure;
  const invalid = { code: 'definition/invalid', message: expect.stringContaining('onToolFailure') };
  const base = { description: 'd', expectedOutput: 'e', agent };
  expect(() => new Agent({ role: 'a', goal: 'b', onToolFailure })).toThrow(expect.objectContaining(invalid));
  expect(() => new Task({ ...base, onToolFailure })).toThrow(expect.objectContaining(invalid));
  const tasks = [new Task(base)];
  expect(() => new Crew({ agents: [agent], tasks, onToolFailure })).toThrow(expect.objectContaining(invalid));
});
