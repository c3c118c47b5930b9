/** Records of money, as far as shared budgets read them: an attempt before it is made, and what it took. */
import { isJsonObject } from '../base/json.ts';
import type { StepRecord } from '../ports/journal.ts';
import type { Claim } from './postgres-budgets.ts';
import type { Settled } from './postgres-changes.ts';

/** What a record says that an attempt may need; undefined for other records. */
export function toAttempt({
  key,
  value,
}: StepRecord): Pick<Claim, 'model' | 'tokens' | 'costNanoUsd'> | undefined {
  if (!/:attempt-[\d.]+$/.test(key) || !isJsonObject(value)) return undefined;
  const { model, tokens, costNanoUsd } = value;
  return {
    model: String(model),
    tokens: Math.ceil(Number(tokens)),
    costNanoUsd: costNanoUsd === null ? null : Math.ceil(Number(costNanoUsd)),
  };
}

/** What a record says that an attempt took, by the attempt's key; undefined for other records. */
export function toSettled({ key, value }: StepRecord): Settled | undefined {
  const [, place, attempt] = /^(.*):entry-([\d.]+)$/.exec(key) ?? [];
  if (attempt === undefined || !isJsonObject(value) || !isJsonObject(value.usage)) return undefined;
  const { usage, costNanoUsd } = value;
  const tokens = Number(usage.inputTokens ?? 0) + Number(usage.outputTokens ?? 0);
  return { key: `${place}:attempt-${attempt}`, tokens, nanoUsd: Number(costNanoUsd ?? 0) };
}
