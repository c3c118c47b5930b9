/** A crew of one agent with tools and a script, and what its runs say. */
import { z } from 'zod';
import {
  Agent,
  type AgentOptions,
  Crew,
  defineTool,
  type ReadableEvent,
  type RunEvent,
  Task,
  type TaskOptions,
  type Tool,
  type ToolOptions,
} from '../index.ts';
import type { ToolEnd } from '../protocol/event.ts';
import { checkTrace, type ScriptedModel, type ScriptStep, scriptedModel } from '../testing/index.ts';

export interface CrewFixture extends Partial<Omit<AgentOptions, 'tools'>> {
  readonly output?: TaskOptions<z.ZodType>['output'];
}

export function crewOf(
  tools: readonly Tool[],
  script: readonly ScriptStep[],
  options: CrewFixture = {},
): { readonly llm: ScriptedModel; readonly crew: Crew } {
  const { output, ...rest } = options;
  const llm = scriptedModel(script);
  const agent = new Agent({ role: 'Clerk', goal: 'Pay', llm, tools, ...rest });
  const task = new Task({
    description: 'Pay',
    expectedOutput: 'A receipt',
    agent,
    ...(output && { output }),
  });
  return { llm, crew: new Crew({ agents: [agent], tasks: [task] }) };
}

/** A turn that calls a tool, once for each of `args`. */
export function calls(
  tool: string,
  ...args: readonly unknown[]
): { readonly toolCalls: readonly { readonly tool: string; readonly args: unknown }[] } {
  return { toolCalls: args.map((one) => ({ tool, args: one })) };
}

type Amount = z.ZodObject<{ amount: z.ZodNumber }>;
const AMOUNT: Amount = z.object({ amount: z.number() });

/** A tool that pays an amount, and counts how often it did. */
export function payTool(options: Partial<ToolOptions<Amount, unknown>> = {}): {
  readonly tool: Tool;
  readonly paid: readonly number[];
} {
  const paid: number[] = [];
  const tool = defineTool({
    name: 'pay',
    description: 'Pays an amount.',
    input: AMOUNT,
    execute: ({ amount }) => {
      paid.push(amount);
      return `paid ${amount}`;
    },
    ...options,
  });
  return { tool, paid };
}

interface Readable {
  readonly result: Promise<unknown>;
  events(): AsyncIterable<ReadableEvent>;
  flush(): Promise<{ readonly emitted: number; readonly balance: number; readonly openAttempts: number }>;
}

/** All events of a run that has ended, after a check of the whole trace. */
export async function traceOf(run: Readable): Promise<readonly RunEvent[]> {
  await run.result.catch(() => undefined);
  const events = await Array.fromAsync(run.events());
  const findings = checkTrace(events, { audit: await run.flush() });
  if (findings.length > 0) throw new Error(findings.join('\n'));
  return events as readonly RunEvent[]; // a gap would be a finding
}

/** The ends of tool calls, in the order in which they came. */
export function endsOf(events: readonly RunEvent[]): readonly (RunEvent & ToolEnd)[] {
  return events.filter((event) => event.type === 'tool.end');
}
