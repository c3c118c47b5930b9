/** `provider/model`, as users write it. */
import { RegattaError } from '../base/errors.ts';

export interface ModelName {
  readonly provider: string;
  readonly modelId: string;
}

/** @throws RegattaError `llm/bad-model` unless `value` is `provider/model`. The model's part may hold slashes. */
export function parseModelName(value: string): ModelName {
  if (value === 'rehearsal') return { provider: 'rehearsal', modelId: 'default' };
  const slash = value.indexOf('/');
  const provider = value.slice(0, slash);
  const modelId = value.slice(slash + 1);
  if (slash > 0 && modelId !== '' && !/\s/.test(value)) return { provider, modelId };
  throw new RegattaError(
    'llm/bad-model',
    `The model must be written as "provider/model", got "${value}". Write for example "openai/gpt-5.4-mini", or "rehearsal" for a run without a key.`,
    { value },
  );
}
