/** Two tenants in one process: each has its own keys, callbacks and database, and nothing of the other. */
import { Agent, Crew, callback, createRuntime, defineTool, Task, type ToolContext } from 'regatta';
import { z } from 'zod';

interface Tenant {
  readonly name: string;
  readonly boats: ReadonlyMap<string, string>;
}

const findBoat = defineTool({
  name: 'find_boat',
  description: 'Finds the boat that a tenant has entered for a race.',
  input: z.object({ race: z.string() }),
  execute: (_args, { context }: ToolContext<Tenant>) => context.boats.get('entered') ?? 'no boat',
});

// One definition serves all tenants: it holds nothing of a run.
const agent = new Agent({ role: 'Secretary', goal: 'Know the fleet', tools: [findBoat] });
const task = new Task({
  description: 'Which boat of {tenant} sails?',
  expectedOutput: 'Its name',
  agent,
});
const crew = new Crew({ agents: [agent], tasks: [task] });

const tenants: readonly Tenant[] = [
  { name: 'north', boats: new Map([['entered', 'Aurora']]) },
  { name: 'south', boats: new Map([['entered', 'Mistral']]) },
];

const lines = await Promise.all(
  tenants.map(async (tenant) => {
    const runIds = new Set<string>();
    await using runtime = createRuntime({
      env: { OPENAI_API_KEY: process.env[`OPENAI_API_KEY_${tenant.name.toUpperCase()}`] },
      llm: process.env.REGATTA_LLM ?? 'rehearsal',
      callbacks: [callback(({ runId }) => runIds.add(runId), { name: 'audit', locked: true })],
    });
    const inputs = { tenant: tenant.name };
    const outputs = await Promise.all([
      runtime.run(crew, { inputs, context: tenant }),
      runtime.run(crew, { inputs, context: tenant }),
    ]);
    await runtime.flush();
    const answers = outputs.map(({ text }) => text.replaceAll('\n', ' | '));
    return `${tenant.name}: ${runIds.size} runs heard, ${answers.join(' ; ')}`;
  }),
);

for (const line of lines) console.log(line);
