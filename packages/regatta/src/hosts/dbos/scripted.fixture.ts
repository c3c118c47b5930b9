/** A crew whose model answers at once, for workers in the process of a test. */
import { Agent, Crew, crewRef, Task } from '../../index.ts';
import { scriptedModel } from '../../testing/index.ts';

const agent = new Agent({ role: 'clerk', goal: 'Say', llm: scriptedModel(['done'], { loop: true }) });

export const scripted: Crew = new Crew({
  name: 'scripted',
  agents: [agent],
  tasks: [new Task({ description: 'Say', expectedOutput: 'A word', agent })],
  ref: crewRef({ name: 'scripted', module: import.meta.url, export: 'scripted' }),
});
