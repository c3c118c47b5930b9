/** A crew with a tool that computes. Its `ref` says where threads find it; the module defines it, and runs nothing. */
import { Agent, Crew, crewRef, defineTool, Task, type ToolContext } from 'regatta';
import { z } from 'zod';

interface Desk {
  /** The run that the tools of this desk work for. */
  readonly label: string;
}

const countPrimes = defineTool({
  name: 'count_primes',
  description: 'Counts the primes below a number.',
  input: z.object({ below: z.int().min(1_500_000).max(5_000_000) }),
  execute: ({ below }, { context }: ToolContext<Desk>) => {
    let primes = 0;
    search: for (let number = 2; number < below; number++) {
      for (let divisor = 2; divisor * divisor <= number; divisor++) {
        if (number % divisor === 0) continue search;
      }
      primes++;
    }
    return `${context.label}: ${primes} primes below ${below}`;
  },
});

const mathematician = new Agent({ role: 'Mathematician', goal: 'Count', tools: [countPrimes] });
const count = new Task({
  description: 'Count primes for {who}.',
  expectedOutput: 'A number',
  agent: mathematician,
});

export const crew = new Crew({
  name: 'primes',
  agents: [mathematician],
  tasks: [count],
  ref: crewRef({ name: 'primes', module: import.meta.url }),
  createContext: ({ inputs }): Desk => ({ label: String(inputs.who) }),
});
