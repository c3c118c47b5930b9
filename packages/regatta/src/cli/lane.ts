/**
 * One run as a line of the progress display: a fold of the run's events, and nothing else.
 *
 * Counts are of the events that were read. The last event has the run's exact totals and replaces them.
 */
import type { ReadableEvent, RunStatus, Saved, Usage } from '../index.ts';

/** Something of the run that has begun and not ended. */
export interface OpenSpan {
  readonly spanId: string;
  readonly kind: 'task' | 'agent' | 'model' | 'tool' | 'embed';
  readonly name: string;
}

export interface Lane {
  readonly name: string;
  readonly status: 'waiting' | 'running' | RunStatus;
  /** Tasks of the crew. */
  readonly taskCount: number;
  /** Those that gave an output. */
  readonly doneTasks: number;
  /** In the order in which they began. */
  readonly open: readonly OpenSpan[];
  readonly calls: number;
  readonly tokens: number;
  /** USD; null = unknown. */
  readonly costUsd: number | null;
  /** Milliseconds since the epoch. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly errorCode: string | null;
  /** The end of the answer that is being written, for runs that stream. */
  readonly written: string;
}

/** A run that has not started. */
export function createLane(name: string, taskCount: number): Lane {
  return {
    name,
    status: 'waiting',
    taskCount,
    doneTasks: 0,
    open: [],
    calls: 0,
    tokens: 0,
    costUsd: 0,
    startedAt: null,
    endedAt: null,
    errorCode: null,
    written: '',
  };
}

/** Characters of an answer that are kept for show. */
const WRITTEN_CHARS = 400;

/** The lane after `event`. */
export function foldLane(lane: Lane, event: ReadableEvent): Lane {
  switch (event.type) {
    case 'run.start':
      return { ...lane, status: 'running', startedAt: event.time };
    case 'run.end': {
      const { status, usage, time, error } = event;
      const { calls, totalTokens: tokens, costUsd } = usage;
      const errorCode = error?.code ?? null;
      return { ...lane, status, calls, tokens, costUsd, endedAt: time, errorCode, open: [], written: '' };
    }
    case 'task.start':
      return opened(lane, { spanId: event.spanId, kind: 'task', name: event.task });
    case 'agent.start':
      return opened(lane, { spanId: event.spanId, kind: 'agent', name: event.agent });
    case 'model.start': {
      const { spanId, model } = event;
      return { ...opened(lane, { spanId, kind: 'model', name: model }), calls: lane.calls + 1, written: '' };
    }
    case 'embed.start':
      return {
        ...opened(lane, { spanId: event.spanId, kind: 'embed', name: event.model }),
        calls: lane.calls + 1,
      };
    case 'tool.start':
      return opened(lane, { spanId: event.spanId, kind: 'tool', name: event.tool });
    case 'task.end':
      return { ...closed(lane, event.spanId), doneTasks: lane.doneTasks + (event.status === 'done' ? 1 : 0) };
    case 'agent.end':
    case 'tool.end':
      return closed(lane, event.spanId);
    case 'model.end':
      return { ...billed(lane, event), written: '' };
    case 'embed.end':
      return billed(lane, event); // an answer may be written beside it
    case 'model.delta': {
      if (event.kind !== 'text') return lane;
      return { ...lane, written: (lane.written + event.text).slice(-WRITTEN_CHARS) };
    }
    case 'model.retry':
      return { ...lane, written: '' }; // a retry voids what was written before it
    default:
      return lane;
  }
}

interface Billed {
  readonly spanId: string;
  readonly usage: Usage;
  readonly costUsd: number | null;
  readonly saved?: Saved;
}

/** A run that was given up before it started. */
export function cancelLane(lane: Lane): Lane {
  return { ...lane, status: 'cancelled', errorCode: 'run/cancelled' };
}

/** Milliseconds from start to end, or to `now`; null before the start. */
export function elapsedMs({ startedAt, endedAt }: Lane, now: number): number | null {
  return startedAt === null ? null : (endedAt ?? now) - startedAt;
}

function opened(lane: Lane, span: OpenSpan): Lane {
  return { ...lane, open: [...lane.open, span] };
}

function closed(lane: Lane, spanId: string): Lane {
  return { ...lane, open: lane.open.filter((span) => span.spanId !== spanId) };
}

function billed(lane: Lane, { spanId, usage, costUsd: cost, saved }: Billed): Lane {
  const tokens = lane.tokens + tokensOf(usage);
  const costUsd = lane.costUsd === null || cost === null ? null : lane.costUsd + cost;
  // What a cache answered was no call.
  const calls = lane.calls - (saved === undefined ? 0 : 1);
  return { ...closed(lane, spanId), calls, tokens, costUsd };
}

function tokensOf({ inputTokens, outputTokens }: Usage): number {
  return (inputTokens ?? 0) + (outputTokens ?? 0);
}
