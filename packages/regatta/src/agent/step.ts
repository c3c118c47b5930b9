/** What a caller is told of an agent's work while it goes on, and waited for. */
import { untilAborted } from '../base/abort.ts';
import { messageOf, RegattaError } from '../base/errors.ts';
import type { Json } from '../base/json.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { ToolCallPart, ToolMessage } from '../protocol/message.ts';

/** One turn of a model, with what came of it. */
export type AgentStep = {
  readonly runId: string;
  readonly task: string | null;
  readonly agent: string;
  /** Counts the agent's turns from 1. */
  readonly turn: number;
  /** What the model wrote, apart from calls. */
  readonly text: string;
} & (
  | { readonly kind: 'tools'; readonly calls: readonly StepCall[] }
  /** The answer, before it is checked against a schema: it may be sent back yet. */
  | { readonly kind: 'answer' }
);

export interface StepCall {
  readonly tool: string;
  readonly callId: string;
  readonly args: Json;
  /** What the model is told. */
  readonly result: string;
  readonly isError: boolean;
}

/** Waited for. What it throws ends the agent's work. */
export type StepCallback = (step: AgentStep) => unknown;

type Came =
  | { readonly kind: 'tools'; readonly text: string; readonly calls: readonly StepCall[] }
  | { readonly kind: 'answer'; readonly text: string };

/** Says what came of a turn, once also where the run is resumed. */
export type ReportStep = (turn: number, came: Came) => Promise<void>;

/** @throws RegattaError `agent/step-callback` from what it gives. */
export function stepReporter(
  callback: StepCallback | undefined,
  agent: string,
  context: RunContext,
): ReportStep | undefined {
  if (callback === undefined) return undefined;
  return async (turn, came) => {
    const { runId, signal, orphan } = context;
    const inner = context.child(`turn-${turn}`);
    const { task } = inner.span;
    const step: AgentStep = Object.freeze({ runId, task, agent, turn, ...came });
    const call = async (): Promise<null> => {
      try {
        await inner.enter(async () => callback(step));
        return null;
      } catch (cause) {
        throw new RegattaError(
          'agent/step-callback',
          `The stepCallback of agent "${agent}" failed in turn ${turn}: ${messageOf(cause)} See the cause; let it catch what must not end the work.`,
          { agent, turn },
          { cause },
        );
      }
    };
    await untilAborted(inner.step('step', call), signal, orphan);
  };
}

export function stepCalls(
  calls: readonly ToolCallPart[],
  results: readonly ToolMessage[],
): readonly StepCall[] {
  return calls.map(({ tool, callId, args }, index) => {
    const { content: result = '', isError = false } = results[index] ?? {};
    return { tool, callId, args, result, isError };
  });
}
