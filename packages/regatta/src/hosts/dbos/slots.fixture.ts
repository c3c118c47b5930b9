/** A crew that shows how many of its runs are at work at once: each says when it begins and when it ends. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, Crew, crewRef, type Model, Task } from '../../index.ts';

export interface Slot {
  readonly what: 'begin' | 'end';
  readonly tenant: string;
  readonly name: string;
  readonly atMs: number;
}

const { REGATTA_TEST_LOG: file = '' } = process.env;

function say(what: Slot['what'], text: string): void {
  const [, tenant = '', name = ''] = /(\w+)\/(\w+)/.exec(text) ?? [];
  appendFileSync(file, `${JSON.stringify({ what, tenant, name, atMs: Date.now() })}\n`);
}

const model: Model = {
  id: 'slots/model',
  async call({ messages }) {
    const text = String(messages.at(-1)?.content);
    say('begin', text);
    await sleep(Number(process.env.REGATTA_TEST_STAY_MS ?? 20));
    say('end', text);
    const usage = {
      inputTokens: 1,
      outputTokens: 1,
      cachedInputTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
    };
    const message = { role: 'assistant', content: [{ type: 'text', text: 'done' }] } as const;
    return { message, finishReason: 'stop', usage, modelId: null, responseId: null };
  },
};

const agent = new Agent({ role: 'guest', goal: 'Wait', llm: model });
const task = new Task({ name: 'stay', description: 'Stay as {slot}', expectedOutput: 'A word', agent });

export const slots: Crew = new Crew({
  name: 'slots',
  agents: [agent],
  tasks: [task],
  ref: crewRef({ name: 'slots', module: import.meta.url, export: 'slots' }),
});

/** Takes its process with it, unless that is told to bear it. */
const deadly: Model = {
  ...model,
  id: 'deadly/model',
  async call(...asked) {
    if (process.env.REGATTA_TEST_HARMLESS !== '1') process.kill(process.pid, 'SIGKILL');
    return await model.call(...asked);
  },
};
const killer = new Agent({ role: 'killer', goal: 'Kill', llm: deadly });
const kill = new Task({ name: 'kill', description: 'Kill {slot}', expectedOutput: 'A word', agent: killer });

export const fatal: Crew = new Crew({
  name: 'fatal',
  agents: [killer],
  tasks: [kill],
  ref: crewRef({ name: 'fatal', module: import.meta.url, export: 'fatal' }),
});

/** The most that were at work at once, by what `of` says they belong to. */
export function mostAtOnce(
  log: readonly Slot[],
  of: (slot: Slot) => string,
): Readonly<Record<string, number>> {
  const now: Record<string, number> = {};
  const most: Record<string, number> = {};
  for (const slot of log) {
    const group = of(slot);
    now[group] = (now[group] ?? 0) + (slot.what === 'begin' ? 1 : -1);
    most[group] = Math.max(most[group] ?? 0, now[group]);
  }
  return most;
}
