/**
 * Traces of runs to any collector that speaks OTLP over HTTP.
 *
 * This is an exporter of our own and not OpenTelemetry's SDK: the SDK's provider is one for the whole
 * process, and its batch processor drops spans without telling anybody. Here every sink is a value
 * with its own counts, there is no timer and nothing global, and the promise of an event settles
 * with the collector's answer: what `run.flush()` says is true.
 */

import { RegattaError } from '../base/errors.ts';
import type { AdaptedCallback } from '../ports/callback.ts';
import type { RunEvent } from '../protocol/event.ts';
import { createDelivery, type DeliveryOptions } from './delivery.ts';
import { CONTENT_TYPES, encodeTraces, type OtlpEncoding, readPartialSuccess } from './otlp-encoding.ts';
import type { Attributes, OtlpSpan } from './otlp-span.ts';
import type { Outcomes } from './outcome.ts';
import { RunTraces } from './run-traces.ts';

export interface OtlpSinkOptions extends DeliveryOptions {
  /** Where traces are posted, with its path: `…/v1/traces`. */
  readonly endpoint: string;
  /** @default 'regatta' */
  readonly serviceName?: string;
  /** More attributes of the resource, such as a vendor's project. */
  readonly resource?: Readonly<Record<string, string>>;
  /** @default 'json' */
  readonly encoding?: OtlpEncoding;
  /** Whether messages, arguments, results and answers are sent. Names and counts always are. @default false */
  readonly captureContent?: boolean;
  /** With one outcome only spans that ended so are sent. @default 'both' */
  readonly outcomes?: Outcomes;
}

/** `offered = delivered + rejected + failed`, and what is on its way. */
export interface OtlpCounts {
  /** Spans of all requests made. */
  readonly offered: number;
  readonly delivered: number;
  /** Refused by a collector that took the request. */
  readonly rejected: number;
  /** In requests that were not taken. They are not sent again. */
  readonly failed: number;
}

export interface OtlpSink extends AdaptedCallback {
  counts(): OtlpCounts;
}

/** @throws TypeError for an endpoint that is no URL. */
export function otlpSink(options: OtlpSinkOptions): OtlpSink {
  const {
    name,
    endpoint,
    serviceName = 'regatta',
    resource = {},
    encoding = 'json',
    outcomes = 'both',
  } = options;
  new URL(endpoint); // fails here, not with the first span
  const attributes: Attributes = {
    'service.name': serviceName,
    'telemetry.sdk.name': 'regatta',
    'telemetry.sdk.language': 'nodejs',
    ...resource,
  };
  const deliver = createDelivery(options);
  const traces = new RunTraces({ captureContent: options.captureContent ?? false, outcomes });
  const counts = { offered: 0, delivered: 0, rejected: 0, failed: 0 };

  async function send(spans: readonly OtlpSpan[]): Promise<void> {
    const body = encodeTraces(encoding, attributes, spans);
    const what = `${spans.length} ${spans.length === 1 ? 'span' : 'spans'}`;
    let answer: Uint8Array;
    try {
      answer = await deliver({ body, contentType: CONTENT_TYPES[encoding], what });
    } catch (error) {
      counts.failed += spans.length;
      throw error;
    }
    const rejected = Math.min(readPartialSuccess(encoding, answer).rejected, spans.length);
    counts.rejected += rejected;
    counts.delivered += spans.length - rejected;
    if (rejected > 0) throw partly({ name, rejected, what });
  }

  return Object.freeze({
    name,
    key: `sink:otlp:${name}`,
    on: Object.freeze([
      'run.*',
      'task.*',
      'agent.*',
      'model.start',
      'model.retry',
      'model.end',
      'embed.*',
      'tool.*',
      'guardrail.*',
      'memory.*',
      'input.*',
      'delegation.*',
      'plan.*',
      'step.*',
      'review.*',
      'decision.*',
      'output.*',
    ] as const),
    observe(event: RunEvent) {
      const spans = traces.hear(event);
      if (spans.length === 0) return undefined;
      counts.offered += spans.length;
      return send(spans);
    },
    counts: () => ({ ...counts }),
  });
}

interface Part {
  readonly name: string;
  readonly rejected: number;
  readonly what: string;
}

function partly({ name, rejected, what }: Part): RegattaError {
  return new RegattaError(
    'callbacks/delivery-failed',
    `"${name}" refused ${rejected} of ${what} and took the rest. See in its logs what it does not accept.`,
    { name, status: 200 },
  );
}
