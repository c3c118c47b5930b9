/** A crew's run while it is under way: what its agents write, piece by piece, and then the output. */
import type { RunEvent } from '../protocol/event.ts';
import type { ErrorData } from '../protocol/output.ts';
import type { Run } from '../run/run.ts';

interface ChunkPlace {
  readonly task: string;
  readonly agent: string;
  /** The model call that it is a piece of: tasks at work together mix. */
  readonly call: string;
  /** Counts the requests of the call from 1. */
  readonly attempt: number;
}

/** A piece of what an agent writes. A `retry` voids all pieces of its call and attempt. */
export type CrewChunk = ChunkPlace &
  (
    | { readonly type: 'text' | 'reasoning'; readonly text: string }
    /** `text` is a piece of the arguments' JSON text. */
    | { readonly type: 'tool-call'; readonly tool: string; readonly text: string }
    | {
        readonly type: 'retry';
        /** What is asked next, `provider/model`. */
        readonly model: string;
        readonly delayMs: number;
        readonly error: ErrorData;
      }
  );

/**
 * Made by `crew.stream`. The run is under way whether or not anybody reads. Whoever reads the chunks and
 * leaves early cancels it; a run that fails throws at the end of its chunks, as `result` does.
 */
export class CrewStream<Output> implements AsyncIterable<CrewChunk> {
  /** Events, usage, ledger, and what the run waits for people to say. */
  readonly run: Run<Output>;

  /** @internal */
  constructor(run: Run<Output>) {
    this.run = run;
    Object.freeze(this);
  }

  /** As `crew.kickoff` gives it. Rejects with a RegattaError. */
  get result(): Promise<Output> {
    return this.run.result;
  }

  /** Ends the run, and frees whoever awaits it. Idempotent. */
  cancel(reason?: string): void {
    this.run.cancel(reason);
  }

  /** All chunks from the first on. */
  async *[Symbol.asyncIterator](): AsyncGenerator<CrewChunk, void, void> {
    const agents = new Set<string>();
    let hasEnded = false;
    try {
      for await (const event of this.run.events()) {
        if (event.type === 'events.gap') continue;
        if (event.type === 'agent.start') agents.add(event.spanId);
        // Judges and summaries write, too, and nobody asked to read them.
        const chunk = agents.has(event.parentId ?? '') ? toChunk(event) : undefined;
        if (chunk !== undefined) yield chunk;
      }
      hasEnded = true;
    } finally {
      if (!hasEnded) this.run.cancel('the reader of its stream has left');
    }
    await this.run.result;
  }
}

function toChunk(event: RunEvent): CrewChunk | undefined {
  if (event.type !== 'model.delta' && event.type !== 'model.retry') return undefined;
  const { spanId: call, attempt } = event;
  const place = { task: event.task ?? '', agent: event.agent ?? '', call, attempt };
  if (event.type === 'model.retry') {
    const { model, delayMs, error } = event;
    return { type: 'retry', ...place, model, delayMs, error };
  }
  const { kind, text, tool } = event;
  return kind === 'tool-call'
    ? { type: kind, ...place, tool: tool ?? '', text }
    : { type: kind, ...place, text };
}
