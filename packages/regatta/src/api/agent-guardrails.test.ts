/** An agent without a crew: its guardrails, its plan and its files. */
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Agent, type AgentPart, type GuardrailCheck, type Memory } from '../index.ts';
import { memoryJournal, scriptedModel } from '../testing/index.ts';
import { json, played } from '../testing/played.fixture.ts';
import { asked, traced, tracedError, tracedOutput } from './traced.fixture.ts';

const isGood: GuardrailCheck = ({ text }) =>
  text.startsWith('good') ? { accepted: true } : { accepted: false, feedback: 'Be good.' };

test('an answer is sent back in the same conversation, and only what is accepted is remembered', async () => {
  const kept: string[] = [];
  const memory: Memory = {
    name: 'log',
    recall: async () => [{ text: 'a note', source: 'log' }],
    remember: async ({ task, answer }) => void kept.push(`${task} -> ${answer}`),
  };
  const llm = scriptedModel(['bad', 'good']);
  const agent = new Agent({ role: 'Mate', goal: 'Help', llm, memory: [memory] });
  const { output, events } = await traced(agent.start('Go', { guardrails: [isGood] }));
  expect([output!.text, kept]).toEqual(['good', ['Go -> good']]);
  const [first, second] = llm.requests.map(({ messages }) => messages);
  expect(second!.slice(0, 3)).toEqual([
    ...first!,
    { role: 'assistant', content: [{ type: 'text', text: 'bad' }] },
  ]);
  expect(asked(llm.requests[1]!)).toContain('was not accepted:\n- Be good.');
  expect(output!.messages.at(-1)).toMatchObject({ role: 'assistant', content: [{ text: 'good' }] });
  const spans = events.flatMap(({ type, spanId }) =>
    type === 'agent.end' || type === 'guardrail.end' ? [spanId.split('/').slice(1).join('/')] : [],
  );
  expect(spans).toEqual(['agent', 'round-1/guardrail-0', 'agent-2', 'round-2/guardrail-0']);
});

test('after guardrailMaxRetries it fails; a sentence is judged by guardrailLlm; a replaced text is parsed', async () => {
  const llm = scriptedModel(['bad', 'bad again', 'never']);
  const agent = new Agent({ role: 'Mate', goal: 'Help', llm });
  const error = await tracedError(
    agent.start('Go', { guardrails: [isGood], guardrailMaxRetries: 1 }),
    'guardrail/rejected',
  );
  expect(error.details).toMatchObject({ agent: 'Mate', text: 'bad again' });
  const judge = scriptedModel([
    json({ accepted: true, feedback: '' }),
    json({ accepted: true, feedback: '' }),
  ]);
  const wind = scriptedModel(['{"knots": 5}']);
  const output = z.object({ knots: z.number().transform((knots) => knots * 2) });
  const { parsed, text, usage } = await tracedOutput(
    new Agent({ role: 'Mate', goal: 'Help', llm: wind }).start('How is the wind?', {
      output,
      guardrails: [
        'It is a number.',
        ({ parsed: { knots } }) => ({ accepted: true, text: `{"knots": ${knots}}` }),
      ],
      guardrailLlm: judge,
    }),
  );
  expect([text, parsed, judge.requests.length]).toEqual(['{"knots": 10}', { knots: 20 }, 2]);
  expect(usage.byAgent.Mate!.calls).toBe(3);
});

test('bad terms are refused where the call is made, with all that is wrong', () => {
  const agent = new Agent({ role: 'Mate', goal: 'Help', llm: scriptedModel([]) });
  expect(() => agent.start('Go', { guardrails: [' '], guardrailMaxRetries: -1 })).toThrow(
    /guardrails\[0\][\s\S]*guardrailMaxRetries/,
  );
  expect(() => agent.start('Go', { inputFiles: { bad: '' } })).toThrow(/inputFiles.bad must be/);
});

test('verdicts and drafts are recorded: a resumed run neither asks nor looks again', async () => {
  let looks = 0;
  const counts: GuardrailCheck = (answer, context) => {
    looks++;
    return isGood(answer, context);
  };
  const llm = scriptedModel(['bad', 'good']);
  const agent = new Agent({ role: 'Mate', goal: 'Help', llm });
  const journal = memoryJournal();
  const { runId } = await tracedOutput(agent.start('Go', { journal, guardrails: [counts] }));
  const again = await agent.resume(runId, { journal, guardrails: [counts] });
  expect([(await again.result).text, looks, llm.requests.length]).toEqual(['good', 2, 2]);
});

test('an agent that plans does so without a crew, too', async () => {
  const llm = played({
    Pilot: ({ text }) => {
      if (text.includes('plan it as steps')) {
        return json({ items: [{ id: 'sound', instructions: 'Sound the bar', needs: [] }] });
      }
      return text.includes('The steps of your plan are over') ? 'cross at noon' : 'three metres';
    },
  });
  const agent = new Agent({ role: 'Pilot', goal: 'Know', llm, planning: { effort: 'low' } });
  const { output, events } = await traced(agent.start('Cross the bar'));
  expect(output!.text).toBe('cross at noon');
  expect(events.flatMap((event) => (event.type === 'step.end' ? [event.text] : []))).toEqual([
    'three metres',
  ]);
});

test('a stream has what the agent writes: no judge, no plan; what was sent back is void', async () => {
  const llm = scriptedModel(['bad', 'good']);
  const judge = scriptedModel([
    json({ accepted: false, feedback: 'Better.' }),
    json({ accepted: true, feedback: '' }),
  ]);
  const agent = new Agent({ role: 'Mate', goal: 'Help', llm });
  const parts: AgentPart[] = [];
  for await (const part of agent.stream('Go', { guardrails: ['It is good.'], guardrailLlm: judge }))
    parts.push(part);
  expect(parts).toEqual([
    { type: 'text', text: 'bad', turn: 1 },
    { type: 'retry', turn: 1, error: expect.objectContaining({ code: 'guardrail/rejected' }) },
    { type: 'text', text: 'good', turn: 2 },
  ]);
});
