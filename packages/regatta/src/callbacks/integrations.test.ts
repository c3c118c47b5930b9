/** Requests of each integration on a collector on this machine. The vendors themselves are not contacted. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { isRegattaError } from '../base/errors.ts';
import type { AdaptedCallback } from '../ports/callback.ts';
import type { RunEvent } from '../protocol/event.ts';
import { type Collector, startCollector } from '../sinks/collector.fixture.ts';
import { consoleSink } from '../sinks/console.ts';
import { createDelivery } from '../sinks/delivery.ts';
import { jsonlSink } from '../sinks/jsonl.ts';
import { otlpSink } from '../sinks/otlp.ts';
import { runEvents } from '../sinks/run-events.fixture.ts';
import { readTrace } from '../sinks/trace-reader.fixture.ts';
import type { SinkFactories } from './integration.ts';
import { integrationNames, openIntegration } from './integrations.ts';

/** Sinks whose requests go to the collector, whatever their host. `urls` has where they would have gone. */
function sinksOf(collector: Collector): { readonly sinks: SinkFactories; readonly urls: string[] } {
  const urls: string[] = [];
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const url = new URL(String(input));
    urls.push(url.href);
    return await globalThis.fetch(`${collector.url}${url.pathname}${url.search}`, init);
  };
  const sinks: SinkFactories = {
    console: (options) => consoleSink(options),
    jsonl: (file, options) => jsonlSink(file, options),
    otlp: (target) => otlpSink({ ...target, fetch }),
    delivery: (target) => createDelivery({ ...target, fetch }),
  };
  return { sinks, urls };
}

async function tell({ observe }: AdaptedCallback, events: readonly RunEvent[]): Promise<void> {
  for (const event of events) await observe(event);
}

interface Row {
  readonly env: Readonly<Record<string, string>>;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly resource?: Readonly<Record<string, string>>;
  /** Variables without which the integration is not opened, each in turn left out. */
  readonly needs: readonly string[];
  readonly contents?: boolean;
}

const basic = `Basic ${Buffer.from('pk:sk').toString('base64')}`;
const langfuse = { LANGFUSE_PUBLIC_KEY: 'pk', LANGFUSE_SECRET_KEY: 'sk' };

const ROWS: readonly (readonly [name: string, row: Row])[] = [
  [
    'otel',
    {
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
        OTEL_EXPORTER_OTLP_HEADERS: 'x-team=a%20b, x-key=k',
        OTEL_SERVICE_NAME: 'shop',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test',
      },
      url: 'http://collector:4318/v1/traces',
      headers: { 'x-team': 'a b', 'x-key': 'k' },
      resource: { 'service.name': 'shop', 'deployment.environment': 'test' },
      needs: ['OTEL_EXPORTER_OTLP_ENDPOINT'],
      contents: false,
    },
  ],
  [
    'langfuse',
    {
      env: langfuse,
      url: 'https://cloud.langfuse.com/api/public/otel/v1/traces',
      headers: { authorization: basic, 'x-langfuse-ingestion-version': '4' },
      needs: ['LANGFUSE_PUBLIC_KEY', 'LANGFUSE_SECRET_KEY'],
    },
  ],
  [
    'langfuse_otel',
    {
      env: langfuse,
      url: 'https://us.cloud.langfuse.com/api/public/otel/v1/traces',
      headers: { authorization: basic },
      needs: ['LANGFUSE_PUBLIC_KEY', 'LANGFUSE_SECRET_KEY'],
    },
  ],
  [
    'langsmith',
    {
      env: { LANGSMITH_API_KEY: 'k', LANGSMITH_PROJECT: 'p' },
      url: 'https://api.smith.langchain.com/otel/v1/traces',
      headers: { 'x-api-key': 'k', 'langsmith-project': 'p' },
      needs: ['LANGSMITH_API_KEY'],
    },
  ],
  [
    'arize',
    {
      env: { ARIZE_SPACE_ID: 's', ARIZE_API_KEY: 'k', ARIZE_PROJECT_NAME: 'p' },
      url: 'https://otlp.arize.com/v1/traces',
      headers: { space_id: 's', api_key: 'k' },
      resource: { 'openinference.project.name': 'p', model_id: 'p' },
      needs: ['ARIZE_SPACE_ID', 'ARIZE_API_KEY'],
    },
  ],
  [
    'arize_phoenix',
    {
      env: {
        PHOENIX_COLLECTOR_HTTP_ENDPOINT: 'https://app.phoenix.arize.com/s/me',
        PHOENIX_API_KEY: 'k',
        PHOENIX_PROJECT_NAME: 'p',
      },
      url: 'https://app.phoenix.arize.com/s/me/v1/traces',
      headers: { authorization: 'Bearer k' },
      resource: { 'openinference.project.name': 'p' },
      needs: ['PHOENIX_API_KEY'],
    },
  ],
  [
    'braintrust',
    {
      env: { BRAINTRUST_API_KEY: 'k', BRAINTRUST_PARENT: 'project_name:p' },
      url: 'https://api.braintrust.dev/otel/v1/traces',
      headers: { authorization: 'Bearer k', 'x-bt-parent': 'project_name:p' },
      needs: ['BRAINTRUST_API_KEY', 'BRAINTRUST_PARENT'],
    },
  ],
  [
    'logfire',
    {
      env: { LOGFIRE_TOKEN: 't' },
      url: 'https://logfire-us.pydantic.dev/v1/traces',
      headers: { authorization: 't' },
      needs: ['LOGFIRE_TOKEN'],
    },
  ],
  [
    'opik',
    {
      env: { OPIK_API_KEY: 'k', OPIK_WORKSPACE: 'w', OPIK_PROJECT_NAME: 'p' },
      url: 'https://www.comet.com/opik/api/v1/private/otel/v1/traces',
      headers: { authorization: 'k', 'comet-workspace': 'w', projectname: 'p' },
      needs: ['OPIK_API_KEY'],
    },
  ],
  [
    'datadog_llm_observability',
    {
      env: { DD_API_KEY: 'k', DD_SITE: 'us5.datadoghq.com', DD_LLMOBS_ML_APP: 'shop' },
      url: 'https://otlp.us5.datadoghq.com/v1/traces',
      headers: { 'dd-api-key': 'k', 'dd-otlp-source': 'llmobs' },
      resource: { 'service.name': 'shop' },
      needs: ['DD_API_KEY'],
    },
  ],
  [
    'traceloop',
    {
      env: { TRACELOOP_API_KEY: 'k' },
      url: 'https://api.traceloop.com/v1/traces',
      headers: { authorization: 'Bearer k' },
      needs: ['TRACELOOP_API_KEY'],
    },
  ],
  [
    'mlflow',
    {
      env: { MLFLOW_TRACKING_URI: 'http://localhost:5000/', MLFLOW_EXPERIMENT_ID: '12' },
      url: 'http://localhost:5000/v1/traces',
      headers: { 'x-mlflow-experiment-id': '12' },
      needs: ['MLFLOW_TRACKING_URI', 'MLFLOW_EXPERIMENT_ID'],
    },
  ],
  [
    'weave_otel',
    {
      env: { WANDB_API_KEY: 'k', WANDB_PROJECT_ID: 'team/proj' },
      url: 'https://trace.wandb.ai/otel/v1/traces',
      headers: { 'wandb-api-key': 'k' },
      resource: { 'wandb.entity': 'team', 'wandb.project': 'proj' },
      needs: ['WANDB_API_KEY', 'WANDB_PROJECT_ID'],
    },
  ],
];

test('every name that is served is tested', () => {
  const own = ['console', 'generic_api', 'jsonl'];
  expect(integrationNames).toEqual([...ROWS.map(([name]) => name), ...own].sort());
});

test.each(ROWS)(
  '%s: URL, headers and body',
  async (name, { env, url, headers, resource = {}, contents = true }) => {
    await using collector = await startCollector();
    const { sinks, urls } = sinksOf(collector);
    const callback = openIntegration(name, env, { sinks });
    expect(callback).toMatchObject({ name, key: `integration:${name}` });
    await tell(callback, runEvents());
    expect(urls).toEqual([url]);
    const [request] = collector.received;
    expect(request).toMatchObject({
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/x-protobuf' },
    });
    const trace = readTrace(request!);
    expect(trace.resource).toMatchObject({ 'service.name': 'regatta', ...resource });
    expect(trace.spans).toHaveLength(6);
    expect(trace.spans[0]).toMatchObject({
      name: 'chat gpt-4o-mini',
      attributes: { 'gen_ai.operation.name': 'chat' },
    });
    expect(request!.body.includes('secret question')).toBe(contents);
  },
);

test.each(ROWS.flatMap(([name, { env, needs }]) => needs.map((variable) => [name, variable, env] as const)))(
  '%s without %s is not opened, and the error names both',
  async (name, variable, env) => {
    await using collector = await startCollector();
    const { sinks } = sinksOf(collector);
    for (const value of [undefined, '', '  ']) {
      const error = thrownBy(() => openIntegration(name, { ...env, [variable]: value }, { sinks }));
      expect(isRegattaError(error, 'callbacks/missing-variable') && error.details).toMatchObject({
        name,
        variable,
      });
    }
  },
);

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return expect.unreachable();
}

test.each([
  [
    'langfuse',
    { ...langfuse, LANGFUSE_HOST: 'http://own:3000/' },
    'http://own:3000/api/public/otel/v1/traces',
  ],
  [
    'langsmith',
    { LANGSMITH_API_KEY: 'k', LANGSMITH_ENDPOINT: 'https://eu.api.smith.langchain.com' },
    'https://eu.api.smith.langchain.com/otel/v1/traces',
  ],
  [
    'arize',
    { ARIZE_SPACE_KEY: 's', ARIZE_API_KEY: 'k', ARIZE_HTTP_ENDPOINT: 'https://otlp.eu.arize.com/v1/traces' },
    'https://otlp.eu.arize.com/v1/traces',
  ],
  ['arize_phoenix', {}, 'http://localhost:6006/v1/traces'],
  [
    'opik',
    { OPIK_URL_OVERRIDE: 'http://localhost:5173/api' },
    'http://localhost:5173/api/v1/private/otel/v1/traces',
  ],
  ['datadog_llm_observability', { DD_API_KEY: 'k' }, 'https://otlp.datadoghq.com/v1/traces'],
  [
    'weave_otel',
    { WANDB_API_KEY: 'k', WANDB_PROJECT_ID: 'a/b', WANDB_HOST: 'acme.wandb.io' },
    'https://acme.wandb.io/traces/otel/v1/traces',
  ],
  ['otel', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:4318/custom' }, 'http://c:4318/custom'],
] as const)('%s: its own instance %j', async (name, env, url) => {
  await using collector = await startCollector();
  const { sinks, urls } = sinksOf(collector);
  await tell(openIntegration(name, env, { sinks }), runEvents());
  expect(urls).toEqual([url]);
});

test('otel speaks JSON when it is told to, and sends contents only when it is told to', async () => {
  await using collector = await startCollector();
  const { sinks } = sinksOf(collector);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'true',
  };
  await tell(openIntegration('otel', env, { sinks }), runEvents());
  const [request] = collector.received;
  expect(request!.headers['content-type']).toBe('application/json');
  expect(readTrace(request!).spans).toHaveLength(6);
  expect(request!.body.includes('secret question')).toBe(true);
});

test.each(['langfuse', 'generic_api'])(
  'REGATTA_CAPTURE_CONTENT=false keeps contents back from %s',
  async (name) => {
    await using collector = await startCollector();
    const { sinks } = sinksOf(collector);
    const env = { ...langfuse, GENERIC_LOGGER_ENDPOINT: 'http://own/logs', REGATTA_CAPTURE_CONTENT: 'false' };
    await tell(openIntegration(name, env, { sinks }), runEvents());
    expect(collector.received.length).toBeGreaterThan(0);
    for (const { body } of collector.received) expect(body.includes('secret')).toBe(false);
  },
);

test('generic_api posts each finished call as a StandardLoggingPayload', async () => {
  await using collector = await startCollector();
  const { sinks, urls } = sinksOf(collector);
  const env = {
    GENERIC_LOGGER_ENDPOINT: 'http://own/logs?x=1',
    GENERIC_LOGGER_HEADERS: 'Authorization=Bearer t,x-a=b',
  };
  await tell(openIntegration('generic_api', env, { sinks }), runEvents());
  expect(urls).toEqual(['http://own/logs?x=1', 'http://own/logs?x=1']);
  expect(collector.received[0]).toMatchObject({
    path: '/logs?x=1',
    headers: { authorization: 'Bearer t', 'x-a': 'b', 'content-type': 'application/json' },
  });
  expect(JSON.parse(collector.received[1]!.body.toString())).toMatchObject([
    {
      status: 'success',
      model: 'gpt-4o-mini',
      prompt_tokens: 10,
      metadata: { requester_metadata: { task: 'report', agent: 'writer' } },
    },
  ]);
  const error = thrownBy(() => openIntegration('generic_api', {}, { sinks }));
  expect(isRegattaError(error, 'callbacks/missing-variable') && error.details.variable).toBe(
    'GENERIC_LOGGER_ENDPOINT',
  );
});

test('jsonl writes to the file of its variable', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'regatta-'));
  await using collector = await startCollector();
  const { sinks } = sinksOf(collector);
  try {
    const file = join(folder, 'events.jsonl');
    await tell(openIntegration('jsonl', { REGATTA_JSONL_FILE: file }, { sinks }), runEvents());
    expect((await readFile(file, 'utf8')).trimEnd().split('\n')).toHaveLength(runEvents().length);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test.each([
  ['otel', 'success', 5],
  ['otel', 'failure', 1],
  ['otel', 'both', 6],
] as const)('%s for %s hears of %i ends', async (name, outcomes, count) => {
  await using collector = await startCollector();
  const { sinks } = sinksOf(collector);
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
  await tell(openIntegration(name, env, { sinks, outcomes }), runEvents({ fails: true }));
  expect(collector.received.flatMap((request) => readTrace(request).spans)).toHaveLength(count);
});

test.each([
  ['success', 2],
  ['failure', 0],
] as const)('generic_api for %s hears of %i calls', async (outcomes, count) => {
  await using collector = await startCollector();
  const { sinks } = sinksOf(collector);
  const env = { GENERIC_LOGGER_ENDPOINT: 'http://own/logs' };
  await tell(openIntegration('generic_api', env, { sinks, outcomes }), runEvents());
  expect(collector.received).toHaveLength(count);
});

test.each(['langfus', 'Langfuse', '', 'toString', '__proto__', 'agentops'])(
  'the name %j is unknown, and the error lists what is known',
  async (name) => {
    await using collector = await startCollector();
    const { sinks } = sinksOf(collector);
    const error = thrownBy(() => openIntegration(name, {}, { sinks }));
    expect(isRegattaError(error, 'callbacks/unknown-name') && error.details).toEqual({
      name,
      known: integrationNames,
    });
    expect((error as Error).message).toContain('langfuse');
  },
);

test('errors of opening hold no values of variables', async () => {
  await using collector = await startCollector();
  const { sinks } = sinksOf(collector);
  const error = thrownBy(() =>
    openIntegration('langfuse', { LANGFUSE_PUBLIC_KEY: 'pk-secret' }, { sinks }),
  ) as Error;
  expect(`${error.message}${JSON.stringify(error)}`).not.toContain('pk-secret');
});
