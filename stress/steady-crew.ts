/** A crew of one task whose runs are all alike: what a sink may not change can be compared. */
import { Agent, Crew, defineTool, Task } from 'regatta';
import { type QuickModelOptions, quickModel, turnsOf } from './quick-model.ts';

const noop = defineTool({
  name: 'noop',
  description: 'Does nothing.',
  input: { type: 'object', properties: {} },
  execute: () => 'nothing',
});

/** `calls` model calls, each but the last one asking for a tool. Takes the input `marker`. */
export function steadyCrew(calls: number, options: QuickModelOptions = {}) {
  const llm = quickModel(
    (request) => (turnsOf(request) < calls - 1 ? { tool: 'noop', args: {} } : 'the end'),
    options,
  );
  const agent = new Agent({ role: 'Clerk', goal: 'File', llm, tools: [noop], maxIter: calls });
  const task = new Task({ name: 'file', description: 'File {marker}', expectedOutput: 'A word', agent });
  return new Crew({ agents: [agent], tasks: [task] });
}

/** Events of one run of `steadyCrew(calls)`. */
export function eventsOf(calls: number): number {
  return 6 + calls * 2 + (calls - 1) * 2;
}
