/** One suite for all engines: what can be seen of a run, and the runs that must look the same wherever they execute. */
import {
  type Crew,
  callback,
  createRuntime,
  type InputAnswer,
  isRegattaError,
  type KickoffOptions,
  type RunEvent,
  type RuntimeOptions,
} from '../index.ts';
import * as agents from './threads/fixtures/agents.fixture.ts';
import * as crews from './threads/fixtures/crews.fixture.ts';

export interface Case {
  readonly crew: Crew;
  readonly options?: () => Omit<KickoffOptions, 'runtime'>;
  readonly runtime?: () => RuntimeOptions;
  /** Cancels when the first event of this type is heard. */
  readonly cancelAt?: RunEvent['type'];
  /** What a person says of drafts, one after the other. */
  readonly reviews?: readonly InputAnswer[];
}

/** All that can be seen of one run, without what differs from run to run. */
// biome-ignore lint/suspicious/noExplicitAny: it is JSON, and each test reads what it is about
export async function record(given: Case, on: RuntimeOptions): Promise<any> {
  const { crew, options, runtime: runtimeOptions, cancelAt, reviews = [] } = given;
  crews.heard.length = 0;
  const kickoff = options?.() ?? {};
  const waiting = [...reviews];
  const runtime = createRuntime({ ...runtimeOptions?.(), ...on });
  const steer = callback((event) => {
    if (event.type === cancelAt) run.cancel('enough');
    const answer = event.type === 'input.start' ? waiting.shift() : undefined;
    if (event.type === 'input.start' && answer !== undefined) run.respond(event.token, answer);
  });
  const run = runtime.start(crew, { ...kickoff, callbacks: [...(kickoff.callbacks ?? []), steer] });
  const result = await run.result.then(
    ({ text, parsed, tasks }) => ({ text, parsed, tasks }),
    (error) => ({
      isOurs: isRegattaError(error),
      code: error.code,
      message: error.message,
      details: error.details,
      cause: String(error.cause),
    }),
  );
  const events: unknown[] = [];
  for await (const event of run.events()) events.push({ ...event, time: 0, engine: 'any' });
  const { lanes, ...audit } = await run.flush();
  const { usage, ledger, status } = run;
  const seen = { result, events, usage, ledger, status, audit, heard: [...crews.heard] };
  return JSON.parse(JSON.stringify(seen).replaceAll(run.id, 'RUN'));
}

const inputs = { topic: 'tides' };

/** What needs no more of an engine than that it does a crew's work. */
export const CASES: Readonly<Record<string, Case>> = {
  'tasks, tools and outputs': { crew: crews.success, options: () => ({ inputs }) },
  'typed output, and an answer that was rejected': { crew: crews.typed },
  'tools that fail in every way': { crew: crews.toolErrors },
  'tools of one turn at once': { crew: crews.parallelTools },
  'an agent that runs out of time': { crew: crews.agentTimeout },
  'a tool that runs out of time': { crew: crews.toolTimeout },
  'a run that is cancelled': { crew: crews.cancelled, cancelAt: 'tool.start' },
  'inputs that are missing': { crew: crews.success },
  'a foreign error': { crew: crews.foreignError },
  retries: { crew: crews.retries },
  'pieces of answers': { crew: crews.streams, options: () => ({ stream: true }) },
  'callbacks of every level': { crew: crews.callbacks },
  'a context that the crew makes': { crew: crews.contexts, options: () => ({ inputs: { tenant: 'a' } }) },
  'an agent that works for another': { crew: crews.delegates },
  'a manager and its crew': { crew: crews.managed },
  'plans of a crew and of an agent': { crew: crews.planned },
  'memories, skills, a date and a small window': { crew: agents.reading },
  'tools that are called in text': { crew: agents.writing },
};
