/**
 * Vendors that take OTLP, as data: endpoint, headers, variables.
 *
 * Each row names the page it is from. The tests check requests on a local collector; the vendors
 * themselves were not contacted. Where LiteLLM has an integration of the name, its variables are read
 * here too. All vendors get protobuf, since some take nothing else; gRPC is not spoken.
 */
import { isOn, type OtlpTarget, type Variables } from './integration.ts';

export type OtlpRow = (
  variables: Variables,
) => Omit<OtlpTarget, 'name' | 'outcomes' | 'encoding' | 'captureContent'> &
  Partial<Pick<OtlpTarget, 'encoding' | 'captureContent'>>;

const TRACES = '/v1/traces';

export const OTLP_ROWS: Readonly<Record<string, OtlpRow>> = Object.freeze({
  // https://opentelemetry.io/docs/specs/otel/protocol/exporter/ ; OTEL_ENDPOINT and OTEL_HEADERS are LiteLLM's
  // (litellm/integrations/opentelemetry.py). Contents only by OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT.
  otel: (variables) => {
    const base = variables.get('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
    const protocol = variables.get('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL');
    const serviceName = variables.get('OTEL_SERVICE_NAME');
    return {
      endpoint: base ?? withTraces(variables.need('OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_ENDPOINT')),
      headers: variables.pairs(
        'OTEL_EXPORTER_OTLP_TRACES_HEADERS',
        'OTEL_EXPORTER_OTLP_HEADERS',
        'OTEL_HEADERS',
      ),
      ...(serviceName === undefined ? {} : { serviceName }),
      resource: variables.pairs('OTEL_RESOURCE_ATTRIBUTES'),
      encoding: protocol === 'http/json' ? 'json' : 'protobuf',
      captureContent: isOn(variables.get('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT')),
    };
  },

  // https://langfuse.com/integrations/native/opentelemetry
  langfuse: (variables) => langfuse(variables, 'https://cloud.langfuse.com'),

  // The same; LiteLLM's integration of this name goes to the US region unless told otherwise
  // (https://docs.litellm.ai/docs/observability/langfuse_otel_integration).
  langfuse_otel: (variables) => langfuse(variables, 'https://us.cloud.langfuse.com'),

  // https://docs.langchain.com/langsmith/trace-with-opentelemetry ; LangChain's own sample has the path and headers:
  // https://github.com/langchain-samples/A2A-distributed-tracing, utils/OTEL_SETUP.md
  langsmith: (variables) => ({
    endpoint: `${variables.url(['LANGSMITH_BASE_URL', 'LANGSMITH_ENDPOINT'], 'https://api.smith.langchain.com')}/otel${TRACES}`,
    headers: {
      'x-api-key': variables.need('LANGSMITH_API_KEY'),
      ...given('Langsmith-Project', variables.get('LANGSMITH_PROJECT')),
    },
  }),

  // https://arize.com/docs/ax/instrument/advanced-patterns (headers);
  // https://docs.litellm.ai/docs/observability/arize_integration (variables)
  arize: (variables) => {
    const project = variables.get('ARIZE_PROJECT_NAME');
    return {
      endpoint: withTraces(variables.url(['ARIZE_HTTP_ENDPOINT'], 'https://otlp.arize.com/v1')),
      headers: {
        space_id: variables.need('ARIZE_SPACE_ID', 'ARIZE_SPACE_KEY'),
        api_key: variables.need('ARIZE_API_KEY'),
      },
      resource: { ...given('openinference.project.name', project), ...given('model_id', project) },
    };
  },

  // https://arize.com/docs/phoenix/resources/frequently-asked-questions/what-is-my-phoenix-endpoint ;
  // https://arize.com/docs/phoenix/integrations/llm-providers/openrouter/openrouter-broadcast (protobuf only, project)
  arize_phoenix: (variables) => {
    const endpoint = withTraces(
      variables.url(
        ['PHOENIX_COLLECTOR_HTTP_ENDPOINT', 'PHOENIX_COLLECTOR_ENDPOINT'],
        'http://localhost:6006',
      ),
    );
    const key = variables.get('PHOENIX_API_KEY');
    if (key === undefined && endpoint.includes('//app.phoenix.arize.com'))
      throw variables.missing('PHOENIX_API_KEY');
    return {
      endpoint,
      headers: given('authorization', key && `Bearer ${key}`),
      resource: { 'openinference.project.name': variables.get('PHOENIX_PROJECT_NAME') ?? 'default' },
    };
  },

  // https://www.braintrust.dev/docs/integrations/sdk-integrations/opentelemetry/send-traces-and-logs
  braintrust: (variables) => {
    const project = variables.get('BRAINTRUST_PROJECT_NAME');
    const parent = variables.get('BRAINTRUST_PARENT') ?? (project && `project_name:${project}`);
    if (parent === undefined) throw variables.missing('BRAINTRUST_PARENT');
    return {
      endpoint: `${variables.url(['BRAINTRUST_API_URL'], 'https://api.braintrust.dev')}/otel${TRACES}`,
      headers: { authorization: `Bearer ${variables.need('BRAINTRUST_API_KEY')}`, 'x-bt-parent': parent },
    };
  },

  // https://logfire.pydantic.dev/docs/how-to-guides/alternative-clients : the token without a scheme
  logfire: (variables) => ({
    endpoint: `${variables.url(['LOGFIRE_BASE_URL'], 'https://logfire-us.pydantic.dev')}${TRACES}`,
    headers: { authorization: variables.need('LOGFIRE_TOKEN') },
  }),

  // https://www.comet.com/docs/opik/integrations/opentelemetry ; an instance of one's own has no key
  opik: (variables) => {
    const own = variables.get('OPIK_URL_OVERRIDE');
    const key = own === undefined ? variables.need('OPIK_API_KEY') : variables.get('OPIK_API_KEY');
    return {
      endpoint: `${variables.url(['OPIK_URL_OVERRIDE'], 'https://www.comet.com/opik/api')}/v1/private/otel${TRACES}`,
      headers: {
        ...given('authorization', key),
        ...given('Comet-Workspace', variables.get('OPIK_WORKSPACE')),
        ...given('projectName', variables.get('OPIK_PROJECT_NAME')),
      },
    };
  },

  // https://docs.datadoghq.com/llm_observability/instrumentation/otel_instrumentation (headers, conventions) ;
  // https://docs.datadoghq.com/opentelemetry/setup/otlp_ingest/traces (protobuf only). The pages fill in the host by
  // the reader's site; its form, otlp.<site>, is from public exporters.
  datadog_llm_observability: (variables) => {
    const serviceName = variables.get('DD_LLMOBS_ML_APP', 'DD_SERVICE');
    return {
      endpoint: `https://otlp.${variables.get('DD_SITE') ?? 'datadoghq.com'}${TRACES}`,
      headers: { 'dd-api-key': variables.need('DD_API_KEY'), 'dd-otlp-source': 'llmobs' },
      ...(serviceName === undefined ? {} : { serviceName }),
    };
  },

  // https://www.traceloop.com/docs/openllmetry/integrations/traceloop
  traceloop: (variables) => ({
    endpoint: `${variables.url(['TRACELOOP_BASE_URL'], 'https://api.traceloop.com')}${TRACES}`,
    headers: { authorization: `Bearer ${variables.need('TRACELOOP_API_KEY')}` },
  }),

  // https://mlflow.org/docs/latest/genai/tracing/opentelemetry/ingest : MLflow 3.6 or newer
  mlflow: (variables) => ({
    endpoint: `${variables.need('MLFLOW_TRACKING_URI').replace(/\/+$/, '')}${TRACES}`,
    headers: { 'x-mlflow-experiment-id': variables.need('MLFLOW_EXPERIMENT_ID') },
  }),

  // https://docs.wandb.ai/weave/guides/tracking/otel : protobuf only; LiteLLM's variables
  weave_otel: (variables) => {
    const key = variables.need('WANDB_API_KEY');
    const [entity, project] = variables.need('WANDB_PROJECT_ID').split('/');
    if (!entity || !project) throw variables.missing('WANDB_PROJECT_ID (<entity>/<project>)');
    return {
      endpoint: `${weaveBase(variables.get('WANDB_HOST'))}/otel${TRACES}`,
      headers: { 'wandb-api-key': key },
      resource: { 'wandb.entity': entity, 'wandb.project': project },
    };
  },
} satisfies Readonly<Record<string, OtlpRow>>);

function langfuse(variables: Variables, cloud: string): ReturnType<OtlpRow> {
  const keys = `${variables.need('LANGFUSE_PUBLIC_KEY')}:${variables.need('LANGFUSE_SECRET_KEY')}`;
  const host = variables.url(['LANGFUSE_OTEL_HOST', 'LANGFUSE_BASE_URL', 'LANGFUSE_HOST'], cloud);
  return {
    endpoint: `${host}/api/public/otel${TRACES}`,
    headers: {
      authorization: `Basic ${Buffer.from(keys).toString('base64')}`,
      'x-langfuse-ingestion-version': '4',
    },
  };
}

/** The cloud, or an instance of one's own below `/traces`. */
function weaveBase(host: string | undefined): string {
  if (host === undefined) return 'https://trace.wandb.ai';
  const url = (/^https?:\/\//.test(host) ? host : `https://${host}`).replace(/\/+$/, '');
  return url.endsWith('/traces') ? url : `${url}/traces`;
}

/** OTLP's path below a base, where it is not there already. */
function withTraces(base: string): string {
  const url = base.replace(/\/+$/, '');
  if (url.endsWith(TRACES)) return url;
  return url.endsWith('/v1') ? `${url}/traces` : `${url}${TRACES}`;
}

function given(key: string, value: string | undefined): Readonly<Record<string, string>> {
  return value === undefined ? {} : { [key]: value };
}
