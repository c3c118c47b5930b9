/** Errors by their code: a missing input, a tool that fails, and a run that is cancelled. */
import { Agent, Crew, defineTool, isRegattaError, Task } from 'regatta';
import { z } from 'zod';

const llm = process.env.REGATTA_LLM ?? 'rehearsal';

const radio = defineTool({
  name: 'radio',
  description: 'Calls the harbour by radio.',
  input: z.object({ message: z.string() }),
  execute: () => {
    throw new Error('no answer on channel 16');
  },
});
const mate = new Agent({ role: 'Mate', goal: 'Ask for a berth', llm, tools: [radio] });
const ask = new Task({ description: 'Ask {harbour} for a berth.', expectedOutput: 'A berth', agent: mate });
const crew = new Crew({ agents: [mate], tasks: [ask] });

// What the caller did wrong ends the run before it costs a token.
try {
  await crew.kickoff({ inputs: { port: 'Kiel' } });
} catch (error) {
  if (!isRegattaError(error, 'inputs/missing')) throw error;
  console.log(`${error.code}: ${error.details.names.join(', ')} (given: ${error.details.given.join(', ')})`);
}

// What a tool does wrong goes to the model, which may go on without it.
const run = crew.start({ inputs: { harbour: 'Kiel' } });
for await (const event of run.events()) {
  if (event.type === 'tool.end' && event.error) console.log(`${event.error.code}: ${event.result}`);
}
console.log(`status: ${run.status}`);

// A cancelled run frees its caller at once, and says so in its last event.
const cancelled = crew.start({ inputs: { harbour: 'Kiel' } });
cancelled.cancel('the race is over');
try {
  await cancelled.result;
} catch (error) {
  if (!isRegattaError(error, 'run/cancelled')) throw error;
  console.log(`${error.code}: ${error.details.reason}`);
}
console.log(`status: ${cancelled.status}, open attempts: ${cancelled.audit().openAttempts}`);

// Of many runs, those that fail leave the others alone.
const results = await crew.kickoffForEach([{ harbour: 'Kiel' }, {}, { harbour: 'Cowes' }]);
console.log(`settled: ${results.map(({ status }) => status).join(', ')}`);
