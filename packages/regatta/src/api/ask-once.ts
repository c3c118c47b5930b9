/** One structured question to a model, as a run of its own: judges and teachers of crews. */
import { messageOf, RegattaError } from '../base/errors.ts';
import type { JsonObject } from '../base/json.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { UsageReport } from '../protocol/usage.ts';
import type { RuntimeCore } from '../run/runtime.ts';
import { callJob, createQuestion } from './call.ts';

export interface OneQuestion {
  /** Undefined = the runtime's. */
  readonly llm: LlmDefinition | undefined;
  readonly prompt: string;
  readonly schema: JsonObject;
  readonly signal: AbortSignal | undefined;
}

/** @throws RegattaError `output/invalid` for a refusal too, or what the model throws. */
export async function askOnce(
  core: RuntimeCore,
  { llm, prompt, schema, signal }: OneQuestion,
): Promise<{ readonly value: unknown; readonly usage: UsageReport }> {
  const job = callJob<JsonObject>(llm, createQuestion(prompt, { output: schema }));
  const result = await core.start(job, { on: 'here', scopes: [llm?.scope ?? []], signal }).result;
  if (result.kind === 'object') return { value: result.object, usage: result.report };
  throw new RegattaError(
    'output/invalid',
    `Model "${result.model}" declined to answer: ${messageOf(result.text)} Name another model.`,
    { agent: 'llm.call', problems: [], text: result.text },
  );
}
