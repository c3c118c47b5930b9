/** `llm.call`, with all that it always does: events to a callback, and a ledger that is looked at. */
import { createRuntime, LLM, type RunEvent } from 'regatta';
import type { Contestant, OpenOptions } from '../call.ts';

export async function open({ baseURL, modelId, system, prompt }: OpenOptions): Promise<Contestant> {
  const llm = new LLM({ model: `openai/${modelId}`, api: 'chat', baseURL, apiKey: 'x' });
  const runtime = createRuntime();
  const call = async (marker: string): Promise<string> => {
    let ends = 0;
    const onEvent = ({ type }: RunEvent): void => {
      if (type === 'model.end') ends++;
    };
    const { text, report } = await llm.call(
      [
        { role: 'system', content: system },
        { role: 'user', content: prompt(marker) },
      ],
      { callbacks: [onEvent], runtime },
    );
    if (ends !== 1 || report.calls !== 1 || report.inputTokens !== 120)
      throw new Error(`${marker}: ${ends} ends, ${report.calls} calls, ${report.inputTokens} tokens.`);
    return text;
  };
  return { call, close: () => runtime.close() };
}
