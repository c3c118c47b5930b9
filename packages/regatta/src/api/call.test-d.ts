/** What `llm.call` and `llm.stream` give follows from what they are asked. Checked by `tsc`, never run. */
import { z } from 'zod';
import { type CallPart, type CallResult, type Json, LLM, type Schema, type ToolCallPart } from '../index.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function expectType<_T extends true>(): void {}

const llm = new LLM({ model: 'rehearsal' });
const output = z.object({ knots: z.number() });

export async function kinds(): Promise<void> {
  const text = await llm.call('x');
  expectType<Same<typeof text.kind, 'text' | 'tool-calls' | 'refusal'>>();
  expectType<Same<typeof text.text, string>>();
  if (text.kind === 'tool-calls') expectType<Same<typeof text.toolCalls, readonly ToolCallPart[]>>();
  if (text.kind === 'refusal') expectType<Same<typeof text.reason, string>>();
  // @ts-expect-error only tool calls have them
  void text.toolCalls;
  // @ts-expect-error nothing was asked for by a schema
  void text.object;

  const typed = await llm.call('x', { output });
  expectType<Same<typeof typed.kind, 'object' | 'tool-calls' | 'refusal'>>();
  if (typed.kind === 'object') expectType<Same<typeof typed.object, { knots: number }>>();

  const raw = await llm.call('x', { output: { type: 'object' } });
  if (raw.kind === 'object') expectType<Same<typeof raw.object, Json>>();

  const length = await llm.call('x', { output: z.string().transform((said) => said.length), tools: [] });
  if (length.kind === 'object') expectType<Same<typeof length.object, number>>();

  // Who does not know whether there is a schema gets every kind.
  const some = await llm.call('x', { output: output as Schema | undefined });
  expectType<Same<typeof some.kind, 'text' | 'object' | 'tool-calls' | 'refusal'>>();
}

export async function streams(): Promise<void> {
  const stream = llm.stream('x', { output });
  for await (const part of stream) {
    expectType<Same<typeof part, CallPart>>();
    if (part.type === 'retry') expectType<Same<typeof part.error.code, string>>();
    if (part.type === 'tool-call') expectType<Same<typeof part.tool, string>>();
  }
  const result = await stream.result;
  if (result.kind === 'object') expectType<Same<typeof result.object, { knots: number }>>();
  const run = llm.start('x', { output });
  expectType<Same<Awaited<typeof run.result>, CallResult<typeof output>>>();
}

// @ts-expect-error a tool is chosen by its name
void llm.call('x', { toolChoice: { name: 'look' } });
// @ts-expect-error a fallback is a list
new LLM({ model: 'rehearsal', fallback: 'rehearsal' });
