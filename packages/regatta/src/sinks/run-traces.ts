/**
 * Turns one run's events into spans, and says when to send which.
 *
 * Spans wait for a full batch or for the end of the outermost span that is heard: then nothing of the
 * run is left here. Only ends are sent, since a span that has not ended has no form in OTLP.
 */
import type { RunEvent } from '../protocol/event.ts';
import { endOf, eventOf, startOf } from './genai-attributes.ts';
import { type Attributes, type OtlpSpan, type SpanEvent, sizeOf, toSpanId, toTraceId } from './otlp-span.ts';
import { isWanted, type Outcomes } from './outcome.ts';

export interface TraceOptions {
  readonly captureContent: boolean;
  readonly outcomes: Outcomes;
}

/** OpenTelemetry's own batch size. */
export const MAX_SPANS = 512;
/** Below the 4 MB that collectors take by default. */
const MAX_CHARS = 3_000_000;

interface OpenSpan {
  readonly name: string;
  readonly kind: OtlpSpan['kind'];
  readonly parentSpanId: string | null;
  readonly startMs: number;
  readonly attributes: Attributes;
  readonly events: SpanEvent[];
}

interface Trace {
  readonly open: Map<string, OpenSpan>;
  ready: OtlpSpan[];
  chars: number;
}

export class RunTraces {
  readonly #options: TraceOptions;
  readonly #traces = new Map<string, Trace>();

  constructor(options: TraceOptions) {
    this.#options = options;
  }

  /** Runs of which something is kept here. */
  get size(): number {
    return this.#traces.size;
  }

  /** The spans that are to be sent now; most often none. */
  hear(event: RunEvent): readonly OtlpSpan[] {
    const { captureContent } = this.#options;
    const start = startOf(event, captureContent);
    if (start) {
      this.#traceOf(event).open.set(event.spanId, this.#opened(event, start));
      return [];
    }
    const end = endOf(event, captureContent);
    if (end) return this.#close(event, end);
    const within = eventOf(event, captureContent);
    const span = this.#traces.get(event.runId)?.open.get(event.spanId);
    if (within && span) span.events.push({ ...within, timeMs: event.time });
    return [];
  }

  #traceOf({ runId }: RunEvent): Trace {
    let trace = this.#traces.get(runId);
    if (trace === undefined) {
      trace = { open: new Map(), ready: [], chars: 0 };
      this.#traces.set(runId, trace);
    }
    return trace;
  }

  #opened(event: RunEvent, start: Pick<OpenSpan, 'name' | 'kind' | 'attributes'>): OpenSpan {
    const { parentId, runId, time } = event;
    // A parent that is not heard here would leave the trace without a root.
    const isHeard = parentId !== null && this.#traces.get(runId)?.open.has(parentId) === true;
    return { ...start, parentSpanId: isHeard ? toSpanId(parentId) : null, startMs: time, events: [] };
  }

  #close(
    event: RunEvent,
    end: { readonly attributes: Attributes; readonly error: string | null },
  ): readonly OtlpSpan[] {
    const { runId, spanId, time, type } = event;
    const trace = this.#traceOf(event);
    // A full lane may have dropped the start: then the end stands for both.
    const noun = type.slice(0, type.indexOf('.'));
    const span =
      trace.open.get(spanId) ?? this.#opened(event, { name: noun, kind: 'internal', attributes: {} });
    trace.open.delete(spanId);
    if (isWanted(event, this.#options.outcomes)) {
      const { startMs, attributes, ...rest } = span;
      const ended: OtlpSpan = {
        ...rest,
        traceId: toTraceId(runId),
        spanId: toSpanId(spanId),
        startMs,
        endMs: Math.max(time, startMs), // clocks may be set back
        attributes: { ...attributes, ...end.attributes },
        error: end.error,
      };
      trace.ready.push(ended);
      trace.chars += sizeOf(ended);
    }
    const isOver = trace.open.size === 0;
    if (isOver) this.#traces.delete(runId);
    if (!isOver && trace.ready.length < MAX_SPANS && trace.chars < MAX_CHARS) return [];
    const { ready } = trace;
    trace.ready = [];
    trace.chars = 0;
    return ready;
  }
}
