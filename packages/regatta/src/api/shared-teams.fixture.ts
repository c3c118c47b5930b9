/**
 * A yard of crews that share everything: agents, tasks, a tool and its cache, a memory, an LLM. Each crew
 * works in a way of its own. What anybody says depends on what they are asked alone; when, on `turn`.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import {
  Agent,
  Crew,
  defineTool,
  type KickoffOptions,
  LLM,
  type Memory,
  Task,
  type Tool,
  type ToolContext,
  toolCache,
} from '../index.ts';
import type { ScriptedModel } from '../testing/index.ts';
import { markerIn, markerOf } from '../testing/marked.fixture.ts';
import { type Asked, json, played } from '../testing/played.fixture.ts';

export type Turn = () => Promise<unknown>;
/** What a run is given as context: whose it is. */
interface Tenant {
  readonly marker: string;
}

/** How results of the tool are told apart. Undefined = as they are by default: by the run's context. */
export type CacheKey = (() => string) | undefined;

export interface Yard {
  /** By the way in which they work. */
  readonly crews: Readonly<Record<string, Crew>>;
  readonly agents: readonly Agent[];
  readonly tasks: readonly Task[];
  readonly tools: readonly Tool[];
  readonly llm: ScriptedModel;
}

export function sharedYard(turn: Turn, cacheKey?: CacheKey): Yard {
  const llm = played({
    Skipper: (asked) => answer(asked, turn, skipper),
    Pilot: (asked) => answer(asked, turn, pilot),
    Mate: (asked) => answer(asked, turn, sounded),
    Manager: (asked) => answer(asked, turn, manager),
    Planner: (asked) => answer(asked, turn, planner),
    '': (asked) => answer(asked, turn, guardrailJudge),
  });
  const definitions = define(turn, new LLM({ model: llm, stop: ['END'] }), cacheKey);
  return { ...definitions, llm };
}

function define(turn: Turn, llm: LLM, cacheKey: CacheKey): Omit<Yard, 'llm'> {
  const tools = [soundings(turn, cacheKey)];
  const agentOf = (role: string, more: object = {}) =>
    new Agent({ role: `${role} of {marker}`, goal: 'Serve {marker}', llm, tools, ...more });
  const captain = agentOf('Skipper', { tools: [], allowDelegation: true, memory: [logbook(turn)] });
  const crewman = agentOf('Pilot', { planning: { effort: 'medium' } });
  const mate = agentOf('Mate');
  const agents = [captain, crewman, mate];
  const taskOf = (name: string, more: object = {}) =>
    new Task({ name, description: `${name} {marker}`, expectedOutput: 'For {marker}', ...more });
  const lead = taskOf('lead', { agent: captain });
  const sound = taskOf('sound', {
    agent: mate,
    humanInput: true,
    guardrails: [secondDraft(turn), 'It serves whoever asked.'],
  });
  const log = taskOf('log', { agent: captain });
  const open = taskOf('open');
  const crews: Readonly<Record<string, Crew>> = {
    sequential: new Crew({ agents, tasks: [lead, sound, log], planning: { llm } }),
    graph: new Crew({
      agents,
      tasks: [lead, sound, taskOf('chart', { agent: crewman, context: [] })],
      process: 'graph',
    }),
    hierarchical: new Crew({ agents, tasks: [open, sound], process: 'hierarchical', managerLlm: llm }),
    consensus: new Crew({
      agents: [mate, crewman],
      tasks: [open, sound],
      process: 'consensus',
      decide: async (candidates) => {
        await turn();
        return candidates.findIndex(({ agent }) => agent.startsWith('Pilot'));
      },
      quorum: 1,
    }),
  };
  return { crews, agents, tasks: [lead, sound, log, open], tools };
}

/** A person who sends the first draft back. */
export function kickoffOf(index: number, turn: Turn): KickoffOptions {
  return {
    inputs: { marker: markerOf(index) },
    context: { marker: markerOf(index) } satisfies Tenant,
    stream: index % 2 === 0,
    onInput: async ({ token, subject }) => {
      await turn();
      return token.endsWith('review-1')
        ? { accepted: false, feedback: `Say more for ${markerIn(subject)}.` }
        : { accepted: true };
    },
  };
}

/** What it gives depends on whose run it is, and its arguments do not: results that cross over are seen. */
function soundings(turn: Turn, cacheKey: CacheKey) {
  return defineTool({
    name: 'soundings',
    description: 'Gives the depth at a place.',
    input: z.object({ place: z.string() }),
    cache: toolCache({ scope: 'runtime', ...(cacheKey === undefined ? {} : { key: cacheKey }) }),
    execute: async ({ place }, { context }: ToolContext<Tenant>) => {
      await turn();
      return `7 m at ${place} for ${context.marker}`;
    },
  });
}

/** Keeps what each tenant learned apart, by the context of the run. */
function logbook(turn: Turn): Memory {
  const notes = new Map<string, string[]>();
  const of = (context: unknown): string[] => {
    const { marker } = context as Tenant; // what kickoffOf gives
    const known = notes.get(marker) ?? [];
    notes.set(marker, known);
    return known;
  };
  return {
    name: 'logbook',
    async recall(_, { context }) {
      await turn();
      return of(context).map((text, index) => ({ text, source: `note ${index}` }));
    },
    async remember({ answer: text }, { context }) {
      await turn();
      of(context).push(text);
    },
  };
}

function secondDraft(turn: Turn) {
  return async ({ text }: { readonly text: string }) => {
    await turn();
    return text.startsWith('first')
      ? { accepted: false as const, feedback: `Again for ${markerIn(text)}.` }
      : { accepted: true as const };
  };
}

type Said = ReturnType<Parameters<typeof played>[0][string]>;

async function answer(asked: Asked, turn: Turn, part: (asked: Asked) => Said): Promise<Awaited<Said>> {
  await turn();
  return await part(asked);
}

/** All that somebody was told, as a fingerprint: one word of another run, and it is another one. */
function said({ role, request }: Asked): string {
  const told = createHash('sha256').update(JSON.stringify(request.messages)).digest('hex').slice(0, 12);
  return `${role.split(' ')[0]} for ${markerIn(request.messages)} told ${told}`;
}

const sound = (...places: readonly string[]) => ({
  toolCalls: places.map((place) => ({ tool: 'soundings', args: { place } })),
});

/** Takes soundings, then answers; the first draft of all is one that guardrails send back. */
function sounded(asked: Asked): Said {
  if (asked.results.length === 0) return sound('the bar', 'the quay');
  const isFirst = !asked.request.messages.some(
    ({ role, content }) => role === 'assistant' && JSON.stringify(content).includes('first'),
  );
  return `${isFirst ? 'first' : 'later'} ${said(asked)}`;
}

function skipper(asked: Asked): Said {
  const tools = asked.request.tools.map(({ name }) => name);
  if (asked.results.length > 0 || !tools.includes('delegate_work')) return said(asked);
  const args = {
    coworker: `Pilot of ${markerIn(asked.request.messages)}`,
    task: `Pilot ${markerIn(asked.request.messages)} in`,
    context: '',
  };
  return { toolCalls: [{ tool: 'delegate_work', args }] };
}

function pilot(asked: Asked): Said {
  if (asked.request.messages.at(-1)?.role === 'tool') return said(asked);
  if (/plan it as steps/.test(asked.text)) {
    const items = ['bar', 'quay'].map((id) => ({ id, instructions: `Sound the ${id}`, needs: [] }));
    return json({ items: [...items, { id: 'sum', instructions: 'Sum up', needs: ['bar', 'quay'] }] });
  }
  if (asked.text.includes('Say which steps did not do'))
    return json({ failed: [], needsNewPlan: false, reason: said(asked) });
  const step = /Sound the (bar|quay)$/.exec(asked.text)?.[1];
  return step === undefined ? said(asked) : sound(`the ${step}`);
}

function manager(asked: Asked): Said {
  const marker = markerIn(asked.request.messages);
  if (asked.text.includes('plan how your crew')) {
    const [one, two] = ['Mate', 'Pilot'].map((role) => `${role} of ${marker}`);
    const items = [
      { id: 'depths', instructions: `Depths for ${marker}`, needs: [], coworker: one },
      { id: 'course', instructions: `Course for ${marker}`, needs: ['depths'], coworker: two },
    ];
    return json({ items: asked.text.includes(`${two}`) ? items : items.slice(0, 1) });
  }
  if (asked.text.includes('Check it against the task')) {
    const isAgain = asked.text.includes('Mate for') && asked.text.includes('later');
    return json({ revisions: isAgain ? [] : [{ assignment: 'depths', feedback: `More for ${marker}` }] });
  }
  return said(asked);
}

function planner(asked: Asked): Said {
  const ids = Array.from(asked.all.matchAll(/^## (\S+)$/gm), ([, id]) => id);
  return json({ plans: Object.fromEntries(ids.map((id) => [id, `Plan of ${id}, ${said(asked)}`])) });
}

function guardrailJudge(asked: Asked): Said {
  return json({ accepted: markerIn(asked.request.messages) !== 'none' });
}
