/** How a crew is tested: the model says what the script says, and gates decide who comes first. */
import { Agent, Crew, defineTool, isRegattaError, RegattaError, Task } from 'regatta';
import { createGate, memoryJournal, scriptedModel } from 'regatta/testing';
import { expect, test } from 'vitest';
import { z } from 'zod';

const tide = defineTool({
  name: 'tide',
  description: 'Gives the height of the tide in metres.',
  input: z.object({ port: z.string() }),
  execute: ({ port }) => `${port}: 2.1`,
});

function crewWith(llm: object) {
  const pilot = new Agent({ role: 'Pilot', goal: 'Enter the port', llm, tools: [tide] });
  const enter = new Task({
    description: 'May we enter {port}?',
    expectedOutput: 'Yes or no',
    agent: pilot,
    output: z.object({ mayEnter: z.boolean() }),
  });
  return new Crew({ agents: [pilot], tasks: [enter] });
}

test('the pilot asks for the tide, and is told it', async () => {
  const llm = scriptedModel([
    { toolCalls: [{ tool: 'tide', args: { port: 'Brest' } }] },
    '{ "mayEnter": true }',
  ]);
  const { parsed } = await crewWith(llm).kickoff({ inputs: { port: 'Brest' } });
  expect(parsed).toEqual({ mayEnter: true });
  expect(llm.requests[1]?.messages.at(-1)).toMatchObject({ role: 'tool', content: 'Brest: 2.1' });
});

test('an answer that does not fit is sent back', async () => {
  const llm = scriptedModel(['{ "mayEnter": "perhaps" }', '{ "mayEnter": false }']);
  const run = crewWith(llm).start({ inputs: { port: 'Brest' } });
  expect((await run.result).parsed.mayEnter).toBe(false);
  expect(run.usage.calls).toBe(2);
});

test('a provider that is down ends the run with its code', async () => {
  const error = new RegattaError('model/quota', 'No quota. Pay.', {
    model: 'scripted/model',
    status: 429,
    retryable: false,
    retryAfterMs: null,
    providerCode: 'insufficient_quota',
  });
  const failed = await crewWith(scriptedModel([{ error }]))
    .kickoff({ inputs: { port: 'Brest' } })
    .catch((thrown: unknown) => thrown);
  expect(isRegattaError(failed, 'model/quota')).toBe(true);
});

test('a run that waits can be cancelled: the gate forces the moment', async () => {
  const gate = createGate();
  const llm = scriptedModel([() => gate.pass().then(() => '{ "mayEnter": true }')]);
  const run = crewWith(llm).start({ inputs: { port: 'Brest' } });
  await gate.reached;
  run.cancel('fog');
  await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled', details: { reason: 'fog' } });
  gate.open();
});

test('with a journal, a run that is resumed asks nobody', async () => {
  const llm = scriptedModel(['{ "mayEnter": true }']);
  const crew = crewWith(llm);
  const journal = memoryJournal();
  const { runId } = await crew.kickoff({ inputs: { port: 'Brest' }, journal });
  const again = await (await crew.resume(runId, { journal })).result;
  expect(again.parsed.mayEnter).toBe(true);
  expect(llm.requests).toHaveLength(1);
});
