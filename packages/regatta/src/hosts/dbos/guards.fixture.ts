/** A crew with guards of its own, which say where and of what they were asked. */
import { appendFileSync } from 'node:fs';
import { z } from 'zod';
import { Agent, type Callback, Crew, crewRef, defineTool, guard, Task } from '../../index.ts';
import { scriptedModel } from '../../testing/index.ts';

export interface Asked {
  readonly pid: number;
  readonly guard: string;
}

function say(name: string): void {
  const { REGATTA_TEST_LOG: file = '' } = process.env;
  if (file !== '')
    appendFileSync(file, `${JSON.stringify({ pid: process.pid, guard: name } satisfies Asked)}\n`);
}

const pay = defineTool({
  name: 'pay',
  description: 'Pays.',
  input: z.object({ euros: z.number() }),
  execute: ({ euros }) => `paid ${euros}`,
});

/** Pays what its input says, then says what came of it. */
const llm = scriptedModel(
  [
    ({ messages }) => {
      const last = messages.at(-1);
      const euros = Number(/Pay (\d+)/.exec(JSON.stringify(messages))?.[1]);
      return last?.role === 'tool' ? last.content : { toolCalls: [{ tool: 'pay', args: { euros } }] };
    },
  ],
  { loop: true },
);

const limit = guard(
  'tool.before',
  ({ args }) => {
    say('limit');
    if (z.object({ euros: z.number() }).parse(args).euros > 100) throw new Error('Too much.');
    return undefined;
  },
  { name: 'limit' },
);
const stamp = guard(
  'tool.after',
  (subject) => {
    say('stamp');
    return { ...subject, result: `${subject.result}, stamped` };
  },
  { name: 'stamp' },
);

const clerk = new Agent({ role: 'clerk', goal: 'Pay', llm, tools: [pay] });
const bill = new Task({
  name: 'bill',
  description: 'Pay {euros}',
  expectedOutput: 'A receipt',
  agent: clerk,
});

/** The crew of this name, as code that is newer may have it. */
export function guardedBy(...more: readonly Callback[]): Crew {
  const ref = crewRef({ name: 'guarded', module: import.meta.url, export: 'guarded' });
  return new Crew({
    name: 'guarded',
    agents: [clerk],
    tasks: [bill],
    callbacks: [limit, stamp, ...more],
    ref,
  });
}

export const guarded: Crew = guardedBy();
