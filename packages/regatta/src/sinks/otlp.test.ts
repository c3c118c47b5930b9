import { expect, test } from 'vitest';
import { isRegattaError } from '../base/errors.ts';
import type { RunEvent } from '../protocol/event.ts';
import { type Collector, startCollector } from './collector.fixture.ts';
import { type OtlpSink, otlpSink } from './otlp.ts';
import { RUN_ID, runEvents, START } from './run-events.fixture.ts';
import { MAX_SPANS, RunTraces } from './run-traces.ts';

interface JsonSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
  readonly events: readonly { readonly name: string }[];
  readonly status?: { readonly code?: number; readonly message?: string };
}

function spansOf({ received }: Collector): readonly JsonSpan[] {
  return received.flatMap(({ body }) => {
    const { resourceSpans } = JSON.parse(body.toString()) as {
      readonly resourceSpans: readonly {
        readonly scopeSpans: readonly { readonly spans: readonly JsonSpan[] }[];
      }[];
    };
    return resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  });
}

/** As a lane does it: one event after the other, each handling awaited. Gives what failed. */
async function tell({ observe }: OtlpSink, events: readonly RunEvent[]): Promise<readonly unknown[]> {
  const errors: unknown[] = [];
  for (const event of events) await Promise.resolve(observe(event)).catch((error) => errors.push(error));
  return errors;
}

function attributesOf(span: JsonSpan | undefined): Readonly<Record<string, unknown>> {
  return Object.fromEntries(span!.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}

test('a run is one trace: spans by the GenAI conventions, each below the one it happened in', async () => {
  await using collector = await startCollector();
  const sink = otlpSink({ name: 'test', endpoint: `${collector.url}/v1/traces`, serviceName: 'my-service' });
  expect(await tell(sink, runEvents({ fails: true }))).toEqual([]);
  expect(collector.received).toMatchObject([
    { method: 'POST', path: '/v1/traces', headers: { 'content-type': 'application/json' } },
  ]);
  const spans = spansOf(collector);
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const tree = spans.map(
    ({ name, parentSpanId }) => `${byId.get(parentSpanId ?? '')?.name ?? '-'} > ${name}`,
  );
  expect(tree).toEqual([
    'invoke_agent writer > chat gpt-4o-mini',
    'invoke_agent writer > execute_tool search',
    'invoke_agent writer > chat gpt-4o-mini',
    'invoke_workflow report > invoke_agent writer',
    'invoke_workflow news > invoke_workflow report',
    '- > invoke_workflow news',
  ]);
  expect(new Set(spans.map(({ traceId }) => traceId))).toEqual(new Set([RUN_ID.replaceAll('-', '')]));
  for (const { spanId } of spans) expect(spanId).toMatch(/^[0-9a-f]{16}$/);
  const [chat, tool] = spans;
  expect(chat).toMatchObject({
    kind: 3,
    startTimeUnixNano: `${START + 30}000000`,
    endTimeUnixNano: `${START + 50}000000`,
    events: [{ name: 'regatta.model_retry' }],
  });
  expect(chat!.status).toBeUndefined();
  expect(attributesOf(chat)).toEqual({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'openai',
    'gen_ai.request.model': 'gpt-4o-mini',
    'gen_ai.request.temperature': 1,
    'gen_ai.request.max_tokens': '50',
    'gen_ai.request.stop_sequences': { values: [{ stringValue: 'END' }] },
    'gen_ai.response.finish_reasons': { values: [{ stringValue: 'tool_call' }] },
    'gen_ai.usage.input_tokens': '10',
    'gen_ai.usage.output_tokens': '3',
    'gen_ai.usage.cache_read.input_tokens': '4',
    'gen_ai.usage.reasoning.output_tokens': '1',
    'regatta.cost_usd': 0.0005,
    'regatta.attempts': '2',
  });
  expect(tool).toMatchObject({ kind: 1, status: { code: 2, message: 'It broke.' } });
  expect(attributesOf(tool)).toMatchObject({ 'gen_ai.tool.name': 'search', 'error.type': 'tool/failed' });
  expect(collector.received[0]!.body.toString()).toContain(
    '{"key":"service.name","value":{"stringValue":"my-service"}}',
  );
});

test('contents are sent only when asked for', async () => {
  await using collector = await startCollector();
  const endpoint = collector.url;
  await tell(otlpSink({ name: 'test', endpoint }), runEvents());
  expect(collector.received[0]!.body.toString()).not.toContain('secret');
  await tell(otlpSink({ name: 'test', endpoint, captureContent: true }), runEvents());
  const spans = spansOf(collector).slice(6);
  const chat = attributesOf(spans[0]);
  expect(JSON.parse(String(chat['gen_ai.system_instructions']))).toEqual([
    { type: 'text', content: 'secret rules' },
  ]);
  expect(JSON.parse(String(chat['gen_ai.input.messages']))).toEqual([
    { role: 'user', parts: [{ type: 'text', content: 'secret question' }] },
  ]);
  expect(JSON.parse(String(chat['gen_ai.output.messages']))).toEqual([
    {
      role: 'assistant',
      parts: [{ type: 'tool_call', id: 'c1', name: 'search', arguments: { q: 'secret' } }],
      finish_reason: 'tool_call',
    },
  ]);
  expect(attributesOf(spans[1])).toMatchObject({
    'gen_ai.tool.call.arguments': '{"q":"secret"}',
    'gen_ai.tool.call.result': 'secret result',
  });
  expect(JSON.parse(String(attributesOf(spans[2])['gen_ai.input.messages']))).toEqual([
    { role: 'tool', parts: [{ type: 'tool_call_response', id: 'c1', response: 'secret result' }] },
  ]);
});

test('the promise of the last event settles with the acknowledgement, and not before', async () => {
  const gate = Promise.withResolvers<void>();
  const arrived = Promise.withResolvers<void>();
  await using collector = await startCollector(async () => {
    arrived.resolve();
    await gate.promise;
    return {};
  });
  const sink = otlpSink({ name: 'test', endpoint: collector.url });
  const events = runEvents();
  await tell(sink, events.slice(0, -1));
  let isSettled = false;
  const last = Promise.resolve(sink.observe(events.at(-1)!)).then(() => {
    isSettled = true;
  });
  await arrived.promise;
  expect(isSettled).toBe(false);
  expect(sink.counts()).toEqual({ offered: 6, delivered: 0, rejected: 0, failed: 0 });
  gate.resolve();
  await last;
  expect(sink.counts()).toEqual({ offered: 6, delivered: 6, rejected: 0, failed: 0 });
});

test('a request that is not taken rejects, and its spans are counted', async () => {
  await using collector = await startCollector(() => ({ status: 401 }));
  const sink = otlpSink({ name: 'vendor', endpoint: collector.url });
  const [error] = await tell(sink, runEvents());
  expect(isRegattaError(error, 'callbacks/delivery-failed') && error.details).toEqual({
    name: 'vendor',
    status: 401,
  });
  expect((error as Error).message).toContain('6 spans');
  expect(sink.counts()).toEqual({ offered: 6, delivered: 0, rejected: 0, failed: 6 });
});

test.each([
  ['json', JSON.stringify({ partialSuccess: { rejectedSpans: '2', errorMessage: 'too old' } })],
  ['protobuf', Buffer.from('0a0b0802120774 6f6f206f6c64'.replaceAll(' ', ''), 'hex')],
] as const)('spans that a collector refuses are counted, in %s', async (encoding, body) => {
  await using collector = await startCollector(() => ({ body }));
  const sink = otlpSink({ name: 'vendor', endpoint: collector.url, encoding });
  const [error] = await tell(sink, runEvents());
  expect(error).toMatchObject({
    code: 'callbacks/delivery-failed',
    message: expect.stringContaining('2 of 6 spans'),
  });
  expect(sink.counts()).toEqual({ offered: 6, delivered: 4, rejected: 2, failed: 0 });
});

test.each([
  '',
  'OK',
  '{"status":"ok"}',
  '{"partialSuccess":{}}',
  '{"partialSuccess":{"rejectedSpans":0,"errorMessage":"soon"}}',
])('the answer %j means that all were taken', async (body) => {
  await using collector = await startCollector(() => ({ body }));
  for (const encoding of ['json', 'protobuf'] as const) {
    const sink = otlpSink({ name: 'vendor', endpoint: collector.url, encoding });
    expect(await tell(sink, runEvents())).toEqual([]);
    expect(sink.counts().delivered).toBe(6);
  }
});

test('a long run is sent in batches, each of which is awaited', async () => {
  await using collector = await startCollector();
  const sink = otlpSink({ name: 'test', endpoint: collector.url });
  const [start, ...rest] = runEvents();
  const [, , , , , , toolStart, toolEnd] = [start!, ...rest];
  const tools = Array.from({ length: MAX_SPANS + 5 }, (_, index) =>
    [toolStart!, toolEnd!].map((event) => ({ ...event, spanId: `${RUN_ID}/tool-${index}` })),
  ).flat();
  await tell(sink, [start!, ...tools, rest.at(-1)!]);
  const counts = collector.received.map(({ body }) => body.toString().split('"spanId"').length - 1);
  expect(counts).toEqual([MAX_SPANS, 6]);
  expect(sink.counts().delivered).toBe(MAX_SPANS + 6);
});

test('a sink that hears only model calls sends each as a trace with a root', async () => {
  await using collector = await startCollector();
  const sink = otlpSink({ name: 'test', endpoint: collector.url });
  await tell(
    sink,
    runEvents().filter(({ type }) => type.startsWith('model.')),
  );
  expect(collector.received).toHaveLength(2);
  for (const span of spansOf(collector)) expect(span.parentSpanId).toBeUndefined();
});

test.each([
  ['success', 5],
  ['failure', 1],
] as const)('with outcome %s only such spans are sent', async (outcomes, count) => {
  await using collector = await startCollector();
  const sink = otlpSink({ name: 'test', endpoint: collector.url, outcomes });
  await tell(sink, runEvents({ fails: true }));
  expect(spansOf(collector)).toHaveLength(count);
});

test('the same steps of a resumed run are the same spans', async () => {
  await using collector = await startCollector();
  for (let repeat = 0; repeat < 2; repeat++)
    await tell(otlpSink({ name: 'test', endpoint: collector.url }), runEvents());
  const ids = spansOf(collector).map(({ spanId }) => spanId);
  expect(ids.slice(6)).toEqual(ids.slice(0, 6));
  expect(new Set(ids).size).toBe(6);
});

test('nothing is kept of a run that is over, whatever starts were dropped', () => {
  const events = runEvents();
  for (let dropped = 0; dropped < events.length; dropped++) {
    const traces = new RunTraces({ captureContent: true, outcomes: 'both' });
    const sent = events
      .filter(({ type }, index) => index !== dropped || type.endsWith('.end'))
      .flatMap((event) => traces.hear(event));
    expect(traces.size).toBe(0);
    expect(sent).toHaveLength(6);
  }
});

test('runs side by side do not mix', async () => {
  await using collector = await startCollector();
  const sink = otlpSink({ name: 'test', endpoint: collector.url });
  const ids = [RUN_ID, '01935f3c-7a10-7000-8000-ffffffffffff'];
  await Promise.all(ids.map((runId) => tell(sink, runEvents({ runId }))));
  for (const { body } of collector.received) {
    const traces = new Set(body.toString().match(/"traceId":"[0-9a-f]{32}"/g));
    expect(traces.size).toBe(1);
  }
  expect(collector.received).toHaveLength(2);
});

test('a clock that is set back gives no span that ends before it starts', async () => {
  await using collector = await startCollector();
  const events = runEvents().map((event, index) => ({ ...event, time: START - index }));
  await tell(otlpSink({ name: 'test', endpoint: collector.url }), events);
  for (const { startTimeUnixNano, endTimeUnixNano } of spansOf(collector)) {
    expect(BigInt(endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(startTimeUnixNano));
  }
});

test('an endpoint that is no URL is refused at once', () => {
  expect(() => otlpSink({ name: 'test', endpoint: 'localhost' })).toThrow(TypeError);
});
