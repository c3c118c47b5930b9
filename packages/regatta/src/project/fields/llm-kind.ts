/**
 * How models are written: `provider/model`, a bare name, which is OpenAI's as in crewAI, or a mapping
 * with settings.
 */
import { isRegattaError, LLM, type LlmOptions, listProviders } from '../../index.ts';
import { nearest } from '../similar.ts';
import { describe, textOf, type Value } from '../value.ts';
import type { Kind, ReadContext } from './field.ts';
import { mapping, text, texts, wholeNumber } from './kinds.ts';

const number: Kind = {
  schema: { type: 'number' },
  read(value, { subject, findings }) {
    if (value.kind === 'scalar' && typeof value.value === 'number') return value.value;
    findings.add(value.place, `${subject} must be a number, and is ${describe(value)}. Correct it.`);
    return undefined;
  },
};

/** A key in a file that is committed is a key that leaks. */
const noKey: Kind = {
  schema: { not: {} },
  read(value, { subject, findings }) {
    findings.add(
      value.place,
      `${subject} would be a secret in a file that others read. Put it into .env, under the variable of the provider.`,
    );
  },
};

const settings = mapping({
  model: text,
  provider: text,
  temperature: number,
  topP: number,
  maxTokens: wholeNumber(1),
  maxCompletionTokens: wholeNumber(1),
  stop: texts,
  seed: wholeNumber(0),
  presencePenalty: number,
  frequencyPenalty: number,
  baseUrl: text,
  apiBase: text,
  timeout: number,
  timeoutMs: wholeNumber(1),
  contextWindow: wholeNumber(1),
  fallback: texts,
  apiKey: noKey,
});

export const llm: Kind = {
  schema: { anyOf: [{ type: 'string' }, settings.schema] },
  async read(value, context) {
    if (value.kind === 'mapping') return await readSettings(value, context);
    const found = textOf(value)?.trim();
    if (!found) {
      const message = `${context.subject} must be a model, and is ${describe(value)}. Write for example openai/gpt-5.4-mini.`;
      context.findings.add(value.place, message);
      return undefined;
    }
    return toModelName(found, value, context);
  },
};

/** Adds crewAI's rule: no prefix is OpenAI. */
function toModelName(model: string, value: Value, { subject, findings }: ReadContext): string | undefined {
  if (/\s/.test(model)) {
    findings.add(value.place, `${subject} must be provider/model, and is "${model}". Take out the blanks.`);
    return undefined;
  }
  const [provider = '', ...rest] = model.split('/');
  if (rest.length === 0) return model === 'rehearsal' ? model : `openai/${model}`;
  const known = listProviders().map(({ name }) => name);
  if (known.includes(provider)) return model;
  const near = nearest(provider, known);
  const hint =
    near === undefined ? `Known are ${known.join(', ')}.` : `Did you mean ${near}/${rest.join('/')}?`;
  findings.add(value.place, `${subject} names the provider "${provider}", which is not known. ${hint}`);
  return undefined;
}

async function readSettings(value: Value, context: ReadContext): Promise<LLM | undefined> {
  const read = (await settings.read(value, context)) as Readonly<Record<string, unknown>> | undefined; // a mapping gives an object
  if (read === undefined) return undefined;
  const { model, provider, baseUrl, apiBase, maxCompletionTokens, timeout, ...rest } = read;
  if (typeof model !== 'string') {
    context.findings.add(
      value.place,
      `${context.subject} has no model. Write for example model: gpt-5.4-mini.`,
    );
    return undefined;
  }
  const isWhole = provider === undefined || model.startsWith(`${String(provider)}/`);
  const named = toModelName(isWhole ? model : `${String(provider)}/${model}`, value, context);
  if (named === undefined) return undefined;
  const options = {
    baseURL: baseUrl ?? apiBase,
    maxTokens: maxCompletionTokens,
    timeoutMs: typeof timeout === 'number' ? Math.round(timeout * 1000) : undefined,
    ...rest,
    model: named,
  };
  try {
    return new LLM(options as LlmOptions); // each key was read by its kind
  } catch (error) {
    if (!isRegattaError(error)) throw error;
    context.findings.add(value.place, `${context.subject} is not valid: ${error.message}`);
    return undefined;
  }
}
