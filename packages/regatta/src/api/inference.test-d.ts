/** What users never have to write: types that follow from schemas. Checked by `tsc`, never run. */
import { z } from 'zod';
import { Agent, Crew, createRuntime, defineTool, type Json, Task, type ToolContext } from '../index.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function expectType<_T extends true>(): void {}

const agent = new Agent({ role: 'r', goal: 'g' });
const base = { description: 'd', expectedOutput: 'e', agent } as const;
const free = new Task(base);
const typed = new Task({ ...base, output: z.object({ knots: z.number(), note: z.string().optional() }) });
const transformed = new Task({ ...base, output: z.string().transform((text) => text.length) });
const raw = new Task({ ...base, output: { type: 'object' } });

export async function outputs(): Promise<void> {
  const last = await new Crew({ agents: [agent], tasks: [free, typed] }).kickoff();
  expectType<Same<typeof last.parsed, { knots: number; note?: string | undefined }>>();
  const text = await new Crew({ agents: [agent], tasks: [typed, free] }).kickoff();
  expectType<Same<typeof text.parsed, undefined>>();
  const length = await createRuntime().run(new Crew({ agents: [agent], tasks: [transformed] }));
  expectType<Same<typeof length.parsed, number>>();
  const json = await new Crew({ agents: [agent], tasks: [raw] }).start().result;
  expectType<Same<typeof json.parsed, Json>>();
  const many = await new Crew({ agents: [agent], tasks: [typed] }).kickoffForEach([{ a: 1 }]);
  const [first] = many;
  if (first?.status === 'fulfilled') expectType<Same<typeof first.value.parsed.knots, number>>();
  // A crew whose tasks are only known as a list says nothing about its last one.
  const list = await new Crew({ agents: [agent], tasks: [free, typed] as readonly Task[] }).kickoff();
  expectType<Same<typeof list.parsed, unknown>>();
}

interface Tenant {
  readonly id: string;
}

defineTool({
  name: 'search',
  description: 'd',
  input: z.object({ query: z.string(), limit: z.number().default(10) }),
  execute: ({ query, limit }, { context }: ToolContext<Tenant>) => {
    expectType<Same<typeof query, string>>();
    expectType<Same<typeof limit, number>>();
    return context.id;
  },
});

defineTool({
  name: 'raw',
  description: 'd',
  input: { type: 'object' },
  execute: (args) => {
    expectType<Same<typeof args, Json>>();
  },
});

// @ts-expect-error a role is required
new Agent({ goal: 'g' });
// @ts-expect-error an agent is not its role
new Task({ ...base, agent: 'r' });
// @ts-expect-error there is no such process
new Crew({ agents: [agent], tasks: [free], process: 'swarm' });

new Task({
  ...base,
  output: z.object({ knots: z.number() }),
  guardrails: [
    ({ text, parsed }) => {
      expectType<Same<typeof text, string>>();
      expectType<Same<typeof parsed, { knots: number }>>();
      return { accepted: parsed.knots > 5, feedback: 'Faster.' };
    },
    'A sentence.',
    { name: 'named', check: ({ parsed }) => ({ accepted: true, text: String(parsed.knots) }) },
  ],
  callback: ({ parsed }) => {
    expectType<Same<typeof parsed, { knots: number }>>();
  },
});
new Task({
  ...base,
  // @ts-expect-error without a schema there is no value
  callback: ({ parsed }) => parsed.knots,
});
