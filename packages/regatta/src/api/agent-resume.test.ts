/** Runs of agents without a crew are as durable as those of crews. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Agent, type AgentOptions, Crew, defineTool, Task } from '../index.ts';
import { checkTrace, memoryJournal, type ScriptStep, scriptedModel } from '../testing/index.ts';
import { eventsOf } from '../testing/marked.fixture.ts';

const overload = { error: new Error('the model fell over') };

/** As two processes have it: the same definition, and another model behind the same id. */
function sailor(script: readonly ScriptStep[], options: Partial<AgentOptions> = {}) {
  let uses = 0;
  const lookup = defineTool({
    name: 'lookup',
    description: 'Looks a word up.',
    input: z.object({ word: z.string() }),
    execute: ({ word }) => `${word}, look ${++uses}`,
  });
  const llm = scriptedModel(script, { id: 'scripted/a' });
  const base = { role: 'Sailor of {sea}', goal: 'Know {input}', llm, tools: [lookup] };
  return { agent: new Agent({ ...base, ...options }), llm, uses: () => uses };
}
const asks = { toolCalls: [{ tool: 'lookup', args: { word: 'lee' } }] };
const inputs = { sea: 'the Baltic', input: 'winds' };

test('a run goes on where it failed, with its question, its inputs and its usage, and is told once', async () => {
  const journal = memoryJournal();
  const first = sailor([asks, overload]);
  const run = first.agent.start('What is lee?', { journal, inputs });
  await expect(run.result).rejects.toThrow('the model fell over');
  const second = sailor(['Lee is wind.']);
  const again = await second.agent.resume(run.id, { journal });
  const { runId, text, messages, usage } = await again.result;
  expect([runId, text, first.uses(), second.uses()]).toEqual([run.id, 'Lee is wind.', 1, 0]);
  expect(messages[0]!.content).toBe('You are Sailor of the Baltic. Your goal: Know winds');
  expect(second.llm.requests[0]!.messages.at(-1)).toMatchObject({ role: 'tool', content: 'lee, look 1' });
  expect(usage.attempts).toBe(3); // that which failed counts
  const events = [...(await eventsOf(run)), ...(await eventsOf(again))];
  expect(checkTrace(events, { ledger: again.ledger })).toEqual([]);
  expect(events.filter(({ type }) => type === 'tool.end')).toHaveLength(1);
  expect((await journal.read(run.id))?.run).toMatchObject({ status: 'succeeded', epoch: 2 });
});

test('files are those of the run: read once, and known to a run that had not come to them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-agent-'));
  try {
    const file = join(folder, 'log.txt');
    await writeFile(file, 'fair wind');
    const journal = memoryJournal();
    const inputFiles = { log: file };
    const run = sailor([overload]).agent.start('Read.', { journal, inputs, inputFiles });
    await expect(run.result).rejects.toThrow();
    await writeFile(file, 'foul wind');
    const { agent, llm } = sailor(['Read it.']);
    await (await agent.resume(run.id, { journal })).result;
    expect(llm.requests[0]!.messages[1]!.content).toEqual([
      { type: 'text', text: 'Read.' },
      { type: 'text', text: 'File "log":\n\nfair wind' },
    ]);
    const { records } = (await journal.read(run.id))!;
    const { run: recorded } = (await journal.read(run.id))!;
    const early = { ...recorded, runId: 'early' };
    await journal.create(early, []); // killed before it had read anything
    await journal.end('early', recorded.ending!, 1);
    const other = sailor(['Read it.']);
    await (await other.agent.resume('early', { journal })).result;
    expect(JSON.stringify(other.llm.requests[0]!.messages)).toContain('foul wind');
    expect(records.map(({ key }) => key)).toContain(':files');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('another shape, guardrail, prompt or tool is another definition, and leaves the run as it was', async () => {
  const journal = memoryJournal();
  const run = sailor([overload]).agent.start('Go', { journal, inputs });
  await expect(run.result).rejects.toThrow();
  const { agent } = sailor(['done']);
  const output = z.object({ knots: z.number() });
  await expect(agent.resume(run.id, { journal, output })).rejects.toMatchObject({
    code: 'journal/code-changed',
    details: { changes: ['kickoff: contract'] },
  });
  await expect(agent.resume(run.id, { journal, guardrails: ['Be brief.'] })).rejects.toMatchObject({
    details: { changes: ['kickoff: guardrails'] },
  });
  const other = sailor(['done'], { backstory: 'Old', tools: [] }).agent;
  await expect(other.resume(run.id, { journal })).rejects.toMatchObject({
    details: { changes: ['agent "Sailor of {sea}": backstory', 'tool "lookup" is gone'] },
  });
  expect((await (await other.resume(run.id, { journal, allowChanges: true })).result).text).toBe('done');
});

test('what cannot be gone on with says so, and is let go of', async () => {
  const { agent } = sailor(['done']);
  await expect(agent.resume('r')).rejects.toMatchObject({ code: 'journal/missing' });
  const journal = memoryJournal();
  await expect(agent.resume('r', { journal })).rejects.toMatchObject({ code: 'journal/unknown-run' });
  const mate = sailor([overload, 'by the crew'], { role: 'Mate', goal: 'Help' }).agent;
  const task = new Task({ description: 'd', expectedOutput: 'e', agent: mate });
  const crew = new Crew({ agents: [mate], tasks: [task] });
  const run = crew.start({ journal });
  await expect(run.result).rejects.toThrow();
  const allowChanges = true;
  await expect(agent.resume(run.id, { journal, allowChanges })).rejects.toMatchObject({
    code: 'definition/invalid',
  });
  expect((await (await crew.resume(run.id, { journal })).result).text).toBe('by the crew');
});
