/** A crew whose model streams its answer in very many pieces, as fast as it can. */
import { Agent, Crew, crewRef, type Model, Task } from 'regatta';

const PIECES = 50_000;

const flood: Model = Object.freeze({
  id: 'flood/model',
  async call(_request, _context, tell) {
    for (let index = 0; index < PIECES; index++) {
      await tell({ type: 'delta', kind: 'text', text: 'drop ', tool: null });
    }
    return {
      message: { role: 'assistant', content: [{ type: 'text', text: 'flooded' }] },
      finishReason: 'stop',
      usage: {
        inputTokens: 1,
        outputTokens: 1,
        cachedInputTokens: 0,
        cacheWriteTokens: 0,
        reasoningTokens: 0,
      },
      modelId: null,
      responseId: null,
    } as const;
  },
} satisfies Model);

const agent = new Agent({ role: 'River', goal: 'Flow', llm: flood });
const task = new Task({ description: 'Flow', expectedOutput: 'Water', agent });

export const crew = new Crew({
  agents: [agent],
  tasks: [task],
  ref: crewRef({ name: 'flood', module: import.meta.url }),
});
