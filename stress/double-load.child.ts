/** Several copies of the package in one process: what they share, and what one does with the other's values. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Copies } from './copies.ts';
import { type QuickAnswer, quickModel, turnsOf } from './quick-model.ts';
import { childOptions } from './run-child.ts';

type Regatta = typeof import('regatta');

const call: QuickAnswer = { tool: 'where', args: {} };
const llm = quickModel((request) => (turnsOf(request) === 0 ? call : 'the end'));

/** A crew made by `home`, whose tool asks `other` which run it is in. */
function crewOf(home: Regatta, other: Regatta, seen: unknown[]) {
  const where = home.defineTool({
    name: 'where',
    description: 'Says which run it is in.',
    input: { type: 'object', properties: {} },
    execute: () => {
      seen.push(home.currentRun()?.id, other.currentRun()?.id);
      return 'here';
    },
  });
  const agent = new home.Agent({ role: 'Guest', goal: 'Know where', llm, tools: [where] });
  const task = new home.Task({ description: 'Look', expectedOutput: 'A place', agent });
  return { agent, task, crew: new home.Crew({ agents: [agent], tasks: [task] }) };
}

/** What comes of it: `works`, a code of ours, or what else was thrown. */
async function outcomeOf(recognise: Regatta, attempt: () => unknown): Promise<string> {
  try {
    await attempt();
    return 'works';
  } catch (error) {
    if (recognise.isRegattaError(error)) return error.code;
    return `${error}`;
  }
}

export interface Pair {
  /** Ids of the runs that both copies name inside of a tool, and inside of a callback of the other copy. */
  readonly isRunSeenInTool: boolean;
  readonly isRunSeenInCallback: boolean;
  /** Events that a callback hears when it is registered with both copies' runtimes: those of its own run. */
  readonly heardOnce: boolean;
  readonly isSameClass: boolean;
  readonly isErrorRecognised: boolean;
  readonly crewInRuntime: string;
  readonly agentInCrew: string;
  readonly taskInCrew: string;
  readonly llmInAgent: string;
  readonly toolInAgent: string;
  readonly callbackMadeByOther: string;
  readonly secretInEvents: boolean;
}

export async function comparePair(one: Regatta, two: Regatta): Promise<Pair> {
  const seen: unknown[] = [];
  const heardIn: unknown[] = [];
  const { agent, task, crew } = crewOf(one, two, seen);
  const ids: string[] = [];
  const callback = one.callback(({ id }) => {
    ids.push(id);
    heardIn.push(two.currentRun()?.id);
  });
  const [runtimeOne, runtimeTwo] = [one, two].map((copy) => copy.createRuntime({ callbacks: [callback] }));
  if (runtimeOne === undefined || runtimeTwo === undefined) throw new Error('There are two copies.');
  const run = runtimeOne.start(crew);
  await run.result;
  const { emitted } = await run.flush();
  const heardOnce = ids.length === emitted && new Set(ids).size === emitted;
  const error = await two
    .createRuntime()
    .run(crewOf(two, one, []).crew, { signal: AbortSignal.abort() })
    .catch((thrown: unknown) => thrown);
  const key = 'key-of-the-one';
  const keyed = new one.LLM({ model: llm, apiKey: key });
  const events: unknown[] = [];
  const given = (agents: readonly unknown[], tasks: readonly unknown[]) => () =>
    new two.Crew({ agents: agents as never, tasks: tasks as never }).kickoff({
      callbacks: [(event) => void events.push(event)],
    });
  const agentTwo = (options: object) => new two.Agent({ role: 'Host', goal: 'Serve', llm, ...options });
  const taskTwo = (host: unknown) =>
    new two.Task({ description: 'Look', expectedOutput: 'A place', agent: host as never });
  const guestTool = agent.tools;
  return {
    isRunSeenInTool: seen.every((id) => id === run.id) && seen.length === 2,
    isRunSeenInCallback: heardIn.every((id) => id === run.id),
    heardOnce,
    isSameClass: one.RegattaError === two.RegattaError,
    isErrorRecognised: one.isRegattaError(error, 'run/cancelled'),
    crewInRuntime: await outcomeOf(one, () => runtimeTwo.run(crew)),
    agentInCrew: await outcomeOf(one, () => given([agent], [taskTwo(agent)])()),
    taskInCrew: await outcomeOf(one, () => given([agent], [task])()),
    llmInAgent: await outcomeOf(one, () => {
      const host = agentTwo({ llm: keyed, tools: guestTool });
      return given([host], [taskTwo(host)])();
    }),
    toolInAgent: await outcomeOf(one, () => {
      const host = agentTwo({ tools: guestTool });
      return given([host], [taskTwo(host)])();
    }),
    callbackMadeByOther: await outcomeOf(one, () => {
      const denied = one.transform((event) => event);
      return two.createRuntime({ callbacks: [denied, callback] }).run(crewOf(two, one, []).crew);
    }),
    secretInEvents: JSON.stringify(events).includes(key),
  };
}

/** What a copy leaves on the process when it is loaded. */
function globals() {
  return {
    symbols: Object.getOwnPropertySymbols(globalThis).map(String),
    names: Object.getOwnPropertyNames(globalThis).length,
    listeners: process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0),
    resources: process.getActiveResourcesInfo().length,
  };
}

async function main({ one, two, bundle, folder }: Copies) {
  const load = async (url: string): Promise<Regatta> => (await import(url)) as Regatta; // a copy of it
  const bare = globals();
  const first = await load(one);
  const required = createRequire(join(folder, 'app.cjs'))('regatta') as Regatta; // the first copy, by require(esm)
  const atImport = globals();
  const pairs = {
    'require(esm)': await comparePair(first, required),
    'two installed copies': await comparePair(first, await load(two)),
    'a bundled copy': await comparePair(first, await load(bundle)),
    'a bundled copy, the other way': await comparePair(await load(bundle), first),
  };
  const once = globals();
  let [reloads, foreign, blind] = [0, 0, 0];
  for (; reloads < 50; reloads++) {
    const copy = await load(`${bundle}?reload=${reloads}`);
    const { isRunSeenInTool, isRunSeenInCallback, heardOnce } = await comparePair(first, copy);
    if (copy.RegattaError === first.RegattaError) throw new Error('This is no reload.');
    if (!heardOnce) foreign++;
    if (!isRunSeenInTool || !isRunSeenInCallback) blind++;
  }
  return { pairs, bare, atImport, once, afterReloads: globals(), reloads, foreign, blind };
}

export type DoubleLoad = Awaited<ReturnType<typeof main>>;

console.log(JSON.stringify(await main(childOptions())));
