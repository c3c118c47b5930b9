/** An agent's work in pieces while it goes on, and then its output. */
import type { RunEvent } from '../protocol/event.ts';
import type { ErrorData } from '../protocol/output.ts';
import type { Run } from '../run/run.ts';
import type { AgentOutput } from './agent-options.ts';
import { type PartReader, readParts } from './read-parts.ts';

/**
 * A piece of an agent's work. `turn` counts its model calls from 1. A `retry` voids all pieces of its turn:
 * that call, or the whole answer, begins anew.
 */
export type AgentPart =
  | { readonly type: 'text' | 'reasoning'; readonly text: string; readonly turn: number }
  | {
      readonly type: 'tool-call';
      readonly tool: string;
      /** A piece of the arguments' JSON text. */
      readonly text: string;
      readonly turn: number;
    }
  | {
      readonly type: 'tool-result';
      readonly tool: string;
      readonly callId: string;
      /** What the model is told. */
      readonly result: string;
      readonly isError: boolean;
      readonly turn: number;
    }
  | {
      readonly type: 'retry';
      readonly turn: number;
      /** Why; `output/invalid` for an answer that does not have the shape, `guardrail/rejected` for one that was sent back. */
      readonly error: ErrorData;
    };

/**
 * Made by `agent.stream`. The agent is at work whether or not anybody reads. Whoever reads the parts and
 * leaves early cancels it; a run that fails throws at the end of its parts, as `result` does.
 */
export class AgentStream<Parsed> implements AsyncIterable<AgentPart> {
  /** Events, usage, ledger. */
  readonly run: Run<AgentOutput<Parsed>>;

  /** @internal */
  constructor(run: Run<AgentOutput<Parsed>>) {
    this.run = run;
    Object.freeze(this);
  }

  /** As `agent.kickoff` gives it. Rejects with a RegattaError. */
  get result(): Promise<AgentOutput<Parsed>> {
    return this.run.result;
  }

  /** Ends the work, and frees whoever awaits it. Idempotent. */
  cancel(reason?: string): void {
    this.run.cancel(reason);
  }

  /** All parts from the first on. */
  [Symbol.asyncIterator](): AsyncGenerator<AgentPart, void, void> {
    return readParts(this.run, new AgentReader());
  }
}

class AgentReader implements PartReader<AgentPart> {
  readonly #agents = new Set<string>();
  #turn = 0;

  read(event: RunEvent): AgentPart | undefined {
    const turn = this.#turn;
    if (event.type === 'agent.start') this.#agents.add(event.spanId);
    if (event.type === 'guardrail.end') {
      if (event.accepted !== false) return undefined;
      const message = `A guardrail sent the answer back:\n${event.feedback}`;
      return { type: 'retry', turn, error: { code: 'guardrail/rejected', message, details: null } };
    }
    // Judges and plans are written, too, and nobody asked to read them.
    const place = event.type === 'output.rejected' ? event.spanId : event.parentId;
    if (!this.#agents.has(place ?? '')) return undefined;
    switch (event.type) {
      case 'model.start':
        this.#turn++;
        return undefined;
      case 'model.delta': {
        const { kind, text, tool } = event;
        return kind === 'tool-call'
          ? { type: kind, tool: tool ?? '', text, turn }
          : { type: kind, text, turn };
      }
      case 'tool.end': {
        const { tool, callId, result, error } = event;
        return { type: 'tool-result', tool, callId, result, isError: error !== null, turn };
      }
      case 'model.retry':
        return { type: 'retry', turn, error: event.error };
      case 'output.rejected': {
        const message = `The answer does not match the output schema:\n${event.problems}`;
        return { type: 'retry', turn, error: { code: 'output/invalid', message, details: null } };
      }
      default:
        return undefined;
    }
  }
}
