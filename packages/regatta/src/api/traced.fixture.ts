/** A run to its end, with its whole trace checked: what came out, and what happened. */
import { expect } from 'vitest';
import type { ErrorCode, RegattaError, Run, RunEvent } from '../index.ts';
import { checkTrace } from '../testing/index.ts';

export interface Traced<Output> {
  readonly output: Output | undefined;
  readonly error: RegattaError | undefined;
  readonly events: readonly RunEvent[];
}

export async function traced<Output>(run: Run<Output>): Promise<Traced<Output>> {
  const [settled] = await Promise.allSettled([run.result]);
  const events = (await Array.fromAsync(run.events())) as RunEvent[];
  expect(checkTrace(events, { ledger: run.ledger, audit: await run.flush() })).toEqual([]);
  return settled.status === 'fulfilled'
    ? { output: settled.value, error: undefined, events }
    : { output: undefined, error: settled.reason, events };
}

export async function tracedOutput<Output>(run: Run<Output>): Promise<Output> {
  const { output, error } = await traced(run);
  if (output === undefined) throw error;
  return output;
}

export async function tracedError(run: Run<unknown>, code: ErrorCode): Promise<RegattaError> {
  const { error } = await traced(run);
  expect(error?.code).toBe(code);
  return error as RegattaError; // it has a code
}

/** How each task ended, by name. */
export function endsOf(events: readonly RunEvent[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    events.flatMap((event) =>
      event.type === 'task.end'
        ? [
            [
              event.task,
              event.reason ? `${event.status}: ${event.reason}` : (event.error?.code ?? event.status),
            ],
          ]
        : [],
    ),
  );
}

/** The text of the last message that a model was asked with. */
export function asked({ messages }: { readonly messages: readonly { readonly content: unknown }[] }): string {
  const content = messages.at(-1)?.content;
  return typeof content === 'string' ? content : JSON.stringify(content);
}
