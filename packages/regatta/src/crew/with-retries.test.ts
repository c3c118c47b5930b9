/** Attempts under a journal: a resumed run goes on with the one that it was at. */
import { expect, test } from 'vitest';
import { Agent, Crew, type RunEvent, Task } from '../index.ts';
import { checkTrace, createGate, memoryJournal, type ScriptStep, scriptedModel } from '../testing/index.ts';
import { eventsOf } from '../testing/marked.fixture.ts';

function crewOf(script: readonly ScriptStep[], retries = 2) {
  const llm = scriptedModel(script, { id: 'scripted/a' });
  const agent = new Agent({ role: 'Writer', goal: 'Write', llm });
  const task = new Task({ name: 'write', description: 'Write', expectedOutput: 'e', agent, retries });
  return { crew: new Crew({ agents: [agent], tasks: [task] }), llm };
}
const overload = { error: new Error('the model fell over') };
const retriesOf = (events: readonly RunEvent[]) =>
  events.flatMap((event) => (event.type === 'task.retry' ? [[event.attempt, event.error.code]] : []));
/** Where agents have begun, without the run's id. */
const agentsOf = (events: readonly RunEvent[]) =>
  events.flatMap(({ type, runId, spanId }) =>
    type === 'agent.start' ? [spanId.slice(runId.length + 1)] : [],
  );

test('a run that ends in its second attempt goes on with it: the first is not made again', async () => {
  const gate = createGate();
  const journal = memoryJournal();
  const first = crewOf([
    overload,
    async () => {
      await gate.pass();
      return 'never';
    },
  ]);
  const run = first.crew.start({ journal });
  await gate.reached;
  run.cancel('the process is stopped');
  await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
  gate.open();
  const second = crewOf(['at last']);
  const again = await second.crew.resume(run.id, { journal });
  expect((await again.result).text).toBe('at last');
  expect(second.llm.requests).toHaveLength(1);
  const events = (await eventsOf(again)) as RunEvent[];
  expect(retriesOf(events)).toEqual([[1, 'unknown']]); // as in the epoch in which it failed
  expect(agentsOf(events)).toEqual(['write/attempt-2/agent']);
  expect(checkTrace([...(await eventsOf(run)), ...events], { ledger: again.ledger })).toEqual([]);
});

test('the last attempt is made again by a resumed run, and so is none before it', async () => {
  const journal = memoryJournal();
  const first = crewOf([overload, overload], 1);
  const run = first.crew.start({ journal });
  await expect(run.result).rejects.toThrow('the model fell over');
  const { records } = (await journal.read(run.id))!;
  expect(records.filter(({ key }) => key.includes(':failed-')).map(({ key }) => key)).toEqual([
    'write:failed-1',
  ]);
  const second = crewOf(['at last'], 1);
  const again = await second.crew.resume(run.id, { journal });
  expect([(await again.result).text, second.llm.requests.length]).toEqual(['at last', 1]);
  expect(agentsOf((await eventsOf(again)) as RunEvent[])).toEqual(['write/attempt-2/agent']);
});
