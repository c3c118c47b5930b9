/** Typed output: the task names a Zod schema, and `output.parsed` has its type. */
import { Agent, Crew, Task } from 'regatta';
import { z } from 'zod';

const llm = process.env.REGATTA_LLM ?? 'rehearsal';

const Report = z.object({
  topic: z.string(),
  summary: z.string().min(1).max(500),
  risks: z
    .array(z.object({ name: z.string(), severity: z.enum(['low', 'medium', 'high']) }))
    .min(1)
    .max(5),
  isSafe: z.boolean(),
});

const surveyor = new Agent({
  role: 'Surveyor',
  goal: 'Judge whether a boat may go to sea',
  llm,
  maxOutputRetries: 3,
});
const survey = new Task({
  description: 'Survey the boat "{boat}".',
  expectedOutput: 'A report with the risks that matter most',
  agent: surveyor,
  output: Report,
});
const crew = new Crew({ agents: [surveyor], tasks: [survey] });

const { parsed } = await crew.kickoff({ inputs: { boat: 'Endeavour' } });

const worst: string[] = parsed.risks.filter(({ severity }) => severity === 'high').map(({ name }) => name);
console.error(`Safe: ${parsed.isSafe}. High risks: ${worst.join(', ') || 'none'}.`);
console.log(JSON.stringify(parsed, null, 2));
