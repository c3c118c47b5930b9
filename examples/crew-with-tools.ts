/** Two agents and a tool: a forecaster looks up the wind, and a skipper decides from what he reports. */
import { Agent, Crew, defineTool, Task } from 'regatta';
import { z } from 'zod';

const llm = process.env.REGATTA_LLM ?? 'rehearsal';

const wind = defineTool({
  name: 'wind',
  description: 'Gives the wind that is forecast for a harbour on a day.',
  input: z.object({ harbour: z.string().describe('Its name'), day: z.iso.date() }),
  execute: ({ harbour, day }) => ({ harbour, day, knots: 14, from: 'south-west' }),
});

const forecaster = new Agent({
  role: 'Forecaster',
  goal: 'Report the wind as it is forecast',
  llm,
  tools: [wind],
});
const skipper = new Agent({
  role: 'Skipper',
  goal: 'Bring boat and crew home',
  backstory: 'You have sailed for thirty years, and you have turned back more than once.',
  llm,
});

const forecast = new Task({
  name: 'forecast',
  description: 'Look up the wind at {harbour} on {day}.',
  expectedOutput: 'One sentence with strength and direction',
  agent: forecaster,
});
const decision = new Task({
  name: 'decision',
  description: 'Decide whether to race at {harbour} on {day}.',
  expectedOutput: 'Yes or no, and the reason in one sentence',
  agent: skipper,
});

const crew = new Crew({ name: 'race-day', agents: [forecaster, skipper], tasks: [forecast, decision] });

const output = await crew.kickoff({ inputs: { harbour: 'Cowes', day: '2026-08-01' } });

for (const { task, agent, text } of output.tasks) console.log(`## ${task}, by ${agent}\n${text}\n`);
const { calls, totalTokens, costUsd } = output.usage;
console.log(`${calls} model calls, ${totalTokens} tokens, ${costUsd ?? 'unknown'} USD`);
