import { afterEach, beforeEach, expect, test } from 'vitest';
import { type MockModel, type MockStats, startMockModel } from './mock-model.ts';

let model: MockModel;

beforeEach(async () => {
  model = await startMockModel();
});

afterEach(async () => {
  await model.close();
});

async function ask(body: object): Promise<Record<string, unknown>> {
  const url = `${model.origin}/v1/chat/completions`;
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) });
  const { choices } = (await response.json()) as { choices: [{ message: Record<string, unknown> }] };
  return choices[0].message;
}

async function control(path: string): Promise<MockStats> {
  return (await (await fetch(`${model.origin}${path}`)).json()) as MockStats;
}

const question = { role: 'user', content: 'About RUN-00000a.' };
const tools = [{ type: 'function', function: { name: 'lookup', parameters: {} } }];

test('it calls the first tool with the marker, and answers with text once there is a result', async () => {
  const asked = await ask({ messages: [question], tools });
  expect(asked.tool_calls).toEqual([
    {
      id: expect.any(String),
      type: 'function',
      function: { name: 'lookup', arguments: '{"query":"RUN-00000a"}' },
    },
  ]);
  const result = { role: 'tool', tool_call_id: 'a', content: 'A fact.' };
  const told = await ask({ messages: [question, result], tools });
  expect(told.content).toMatch(/^RUN-00000a The crew/);
  expect((await ask({ messages: [question] })).content).toBe(told.content);
  expect(await control('/stats')).toEqual({ requests: 3, toolCalls: 1, texts: 2, held: 0 });
});

test('it keeps answers back until they are released', async () => {
  await control('/hold');
  let isAnswered = false;
  const answer = ask({ messages: [question] }).then(() => {
    isAnswered = true;
  });
  while ((await control('/stats')).held === 0);
  expect(isAnswered).toBe(false);
  await control('/release');
  await answer;
  expect((await control('/stats')).held).toBe(0);
});
