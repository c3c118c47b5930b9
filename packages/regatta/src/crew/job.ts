/** A crew's run as an engine gets it. */
import { untilAborted } from '../base/abort.ts';
import { deepFreeze, type Json, toJsonOr } from '../base/json.ts';
import type { Inputs } from '../base/template.ts';
import { checkAnswer } from '../model/answer.ts';
import type { Job } from '../ports/engine.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Entry, Scope } from '../ports/scope.ts';
import type { Work } from '../ports/span.ts';
import type { CrewOutput, TaskOutput } from '../protocol/output.ts';
import type { CrewDefinition } from './definition.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type PlannedCrew, runCrew } from './run-crew.ts';

/** A crew that was checked and planned. */
export interface RunnableCrew extends CrewDefinition, PlannedCrew {}

/** What crosses threads of a task's output: what it parses to is made again on the other side. */
type PortableTask = Pick<TaskOutput, 'task' | 'agent' | 'text'>;

export function createJob<Parsed>(crew: RunnableCrew, inputs: Inputs): Job<CrewOutput<Parsed>> {
  // A copy: tasks read it while the run goes on, and the object is the caller's.
  const json = toJsonOr(inputs, null);
  const own = json === null ? inputs : (json as Inputs); // an object stays one; what JSON cannot carry is refused by name when the run plans
  return {
    name: crew.name,
    inputs: json,
    ref: crew.ref ?? null,
    start: (context) => run(crew, own, context),
    show,
    entries: () => addressEntries(crew),
    fingerprint: (defaultLlm) => fingerprintOf(crew, defaultLlm),
    revive: async (portable, context) => {
      const tasks = portable as unknown as readonly PortableTask[]; // `toPortable` made it
      return toOutput(await Promise.all(tasks.map((task, index) => revive(crew, task, index))), context);
    },
  };
}

/** A finished run's outputs as plain data. */
export function toPortable({ tasks }: CrewOutput): Json {
  return tasks.map(({ task, agent, text }) => ({ task, agent, text }));
}

/** Made of what is plain already; only what a schema made may not be. */
function show({ text, parsed, tasks }: CrewOutput): Json {
  return deepFreeze({
    text,
    parsed: toJsonOr(parsed, null),
    tasks: tasks.map(({ task, agent, text: answer }) => ({ task, agent, text: answer })),
  });
}

async function* run<Parsed>(crew: RunnableCrew, inputs: Inputs, given: RunContext): Work<CrewOutput<Parsed>> {
  const { createContext } = crew;
  const { runId } = given;
  let context = given;
  if (given.context === undefined && createContext !== undefined) {
    const making = Promise.resolve(createContext({ runId, inputs }));
    context = given.withContext(await untilAborted(making, given.signal, given.orphan));
  }
  return toOutput(yield* runCrew(crew, inputs, context), context);
}

function toOutput<Parsed>(tasks: readonly TaskOutput[], { runId, meter }: RunContext): CrewOutput<Parsed> {
  const last = tasks.at(-1);
  return Object.freeze({
    runId,
    text: last?.text ?? '',
    parsed: last?.parsed as Parsed, // by the last task's schema, which is where `Parsed` comes from
    tasks: Object.freeze([...tasks]),
    usage: meter.report(),
  });
}

async function revive(
  crew: CrewDefinition,
  { task, agent, text }: PortableTask,
  index: number,
): Promise<TaskOutput> {
  const contract = crew.tasks[index]?.contract ?? null;
  if (contract === null) return Object.freeze({ task, agent, text, parsed: undefined });
  const verdict = await checkAnswer(text, contract);
  // The other side has accepted this text by the same schema.
  return Object.freeze({ task, agent, text, parsed: verdict.isValid ? verdict.value : undefined });
}

/** Every callback of the crew's parts, by where it stands. The crew's own are the run's, and not among them. */
function addressEntries({ tasks, agents, llm }: CrewDefinition): ReadonlyMap<string, Entry> {
  const scopes: (readonly [string, Scope])[] = [
    ...tasks.map(({ scope }, index) => [`task-${index}`, scope] as const),
    ...agents.map(({ scope }, index) => [`agent-${index}`, scope] as const),
    ...agents.map((agent, index) => [`agent-${index}-llm`, agent.llm?.scope ?? []] as const),
    ['llm', llm?.scope ?? []],
  ];
  return new Map(
    scopes.flatMap(([place, scope]) => scope.map((entry, at) => [`${place}/${at}`, entry] as const)),
  );
}
