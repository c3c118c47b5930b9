/** Tools whose result is the answer. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../index.ts';
import { calls, crewOf, payTool, traceOf } from './tools.fixture.ts';

test('a result is the final answer, and the model is not asked again', async () => {
  const { tool } = payTool({ resultAsAnswer: true });
  const { crew, llm } = crewOf([tool], [calls('pay', { amount: 5 })]);
  const run = crew.start();
  expect((await run.result).text).toBe('paid 5');
  expect(llm.requests).toHaveLength(1);
  const events = await traceOf(run);
  expect(events.findLast(({ type }) => type === 'agent.end')).toMatchObject({ text: 'paid 5', calls: 1 });
});

test('a result that fits the output schema is the answer, parsed; one that does not goes to the model', async () => {
  const balance = defineTool({
    name: 'balance',
    description: 'Gives a balance.',
    input: z.object({ account: z.number() }),
    resultAsAnswer: true,
    execute: ({ account }) => (account === 1 ? { balance: '5' } : { balance: 5 }),
  });
  const output = z.object({ balance: z.number() });
  const script = [calls('balance', { account: 1 }), calls('balance', { account: 2 })];
  const { crew, llm } = crewOf([balance], script, { output });
  const result = await crew.kickoff();
  expect(result.parsed).toEqual({ balance: 5 });
  expect(llm.requests).toHaveLength(2);
  expect(llm.requests[1]!.messages.at(-1)).toMatchObject({ role: 'tool', content: '{"balance":"5"}' });
});

test('a failure is no answer; of several results, the first in the order asked is the answer', async () => {
  const { tool } = payTool({
    resultAsAnswer: true,
    execute: ({ amount }) => {
      if (amount === 1) throw new Error('broken');
      return `paid ${amount}`;
    },
  });
  const { tool: other } = payTool();
  const script = [
    calls('pay', { amount: 1 }),
    {
      toolCalls: [
        { tool: 'other', args: { amount: 9 } },
        ...calls('pay', { amount: 2 }, { amount: 3 }).toolCalls,
      ],
    },
  ];
  const { crew, llm } = crewOf([tool, { ...other, name: 'other' }], script);
  expect((await crew.kickoff()).text).toBe('paid 2');
  expect(llm.requests).toHaveLength(2);
});
