/** A crew whose one tool computes, without waiting for anything. No model server: the rehearsal model answers. */
import { Agent, Crew, crewRef, defineTool, Task } from 'regatta';

const ROUNDS = 40_000_000;

const compute = defineTool({
  name: 'compute',
  description: 'Computes for a while.',
  input: { type: 'object', properties: {}, additionalProperties: false },
  execute: () => {
    let state = 1;
    for (let round = 0; round < ROUNDS; round++) state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return String(state);
  },
});

const clerk = new Agent({ role: 'Clerk', goal: 'Compute', tools: [compute], llm: 'rehearsal' });
const work = new Task({ description: 'Compute once.', expectedOutput: 'A number', agent: clerk });

export const crew = new Crew({
  name: 'compute',
  agents: [clerk],
  tasks: [work],
  ref: crewRef({ name: 'compute', module: import.meta.url }),
});
