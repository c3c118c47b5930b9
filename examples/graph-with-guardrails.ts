/** A graph of tasks: two surveys at once, a decision that reads both, and guardrails that look at it first. */
import { Agent, Crew, type GuardrailCheck, Task } from 'regatta';
import { z } from 'zod';

const llm = process.env.REGATTA_LLM ?? 'rehearsal';

const sailor = new Agent({ role: 'Sailor', goal: 'Know boat and weather', llm });
const skipper = new Agent({ role: 'Skipper', goal: 'Bring boat and crew home', llm });

const rig = new Task({
  name: 'rig',
  description: 'Survey the rig of {boat}.',
  expectedOutput: 'What must be mended',
  agent: sailor,
  context: [], // reads nothing, so it starts at once
});
const weather = new Task({
  name: 'weather',
  description: 'Sum up the weather at {harbour}.',
  expectedOutput: 'Wind and sea in one sentence',
  agent: sailor,
  context: [],
  retries: 1,
});

const namesAReason: GuardrailCheck<{ reasons: string[] }> = ({ parsed }) =>
  parsed.reasons.length > 0 ? { accepted: true } : { accepted: false, feedback: 'Give at least one reason.' };

const decision = new Task({
  name: 'decision',
  description: 'Decide whether {boat} leaves {harbour}.',
  expectedOutput: 'A decision with reasons',
  agent: skipper,
  context: [rig, weather],
  maxContextTokens: 2_000,
  output: z.object({ leaves: z.boolean(), reasons: z.array(z.string()).min(1) }),
  guardrails: [namesAReason],
});
const orders = new Task({
  name: 'orders',
  description: 'Write the orders for the crew of {boat}.',
  expectedOutput: 'A list',
  agent: skipper,
  context: [decision],
  when: (outputs) => outputs.some(({ text }) => text.includes('"leaves":true')),
});

const crew = new Crew({
  name: 'departure',
  process: 'graph',
  agents: [sailor, skipper],
  tasks: [rig, weather, decision, orders],
});

const run = crew.start({ inputs: { boat: 'Endeavour', harbour: 'Kiel' } });
for await (const event of run.events()) {
  if (event.type === 'task.start') console.log(`${event.task} starts`);
  if (event.type === 'guardrail.end')
    console.log(`${event.guardrail} ${event.accepted ? 'accepts' : 'rejects'}`);
  if (event.type === 'task.end') console.log(`${event.task} ${event.status}`);
}
const output = await run.result;
console.log(`${output.tasks.length} outputs, ${output.usage.calls} calls`);
