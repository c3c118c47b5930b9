/** A crew's run as an engine gets it. */
import { untilAborted } from '../base/abort.ts';
import { RegattaError } from '../base/errors.ts';
import { deepFreeze, isJsonObject, type Json, toJson, toJsonOr } from '../base/json.ts';
import { show as showValue } from '../base/problems.ts';
import type { Inputs } from '../base/template.ts';
import type { FileSources } from '../context/input-files.ts';
import { checkAnswer } from '../model/answer.ts';
import type { Job } from '../ports/engine.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Entry, Scope } from '../ports/scope.ts';
import type { CrewOutput, TaskOutput } from '../protocol/output.ts';
import { callHook } from './call-hook.ts';
import type { CrewDefinition } from './definition.ts';
import { fingerprintOf } from './fingerprint.ts';
import { type PlannedCrew, runCrew } from './run-crew.ts';

/** What a run is started with beside its inputs, as plain data. */
export interface CrewSettings {
  readonly files: FileSources;
  /** Absolute. */
  readonly outputDirectory: string;
}

/** A crew's run up to its tasks' outputs: the part of it that an engine may do elsewhere. */
export interface CrewWork {
  readonly crew: PlannedCrew;
  readonly inputs: Inputs;
  readonly settings: CrewSettings;
}

/** What crosses threads of a task's output: what it parses to is made again on the other side. */
type PortableTask = Pick<TaskOutput, 'task' | 'agent' | 'text' | 'skipped'>;

export function createJob<Parsed>(
  crew: PlannedCrew,
  inputs: Inputs,
  settings: CrewSettings,
): Job<CrewOutput<Parsed>> {
  // A copy: tasks read it while the run goes on, and the object is the caller's.
  const json = toJsonOr(inputs, null);
  const own = json === null ? inputs : (json as Inputs); // an object stays one; what JSON cannot carry is refused by name when the run plans
  return {
    name: crew.name,
    inputs: json,
    settings: toJson(settings),
    ref: crew.ref ?? null,
    start: (context) => run<Parsed>({ crew, inputs: own, settings }, context),
    show,
    entries: () => addressEntries(crew),
    fingerprint: (defaultLlm) => fingerprintOf(crew, defaultLlm),
    revive: async (portable, context) => {
      const tasks = portable as unknown as readonly PortableTask[]; // `toPortable` made it
      const outputs = await Promise.all(tasks.map((task, index) => revive(crew, task, index)));
      return await finish<Parsed>(crew, outputs, context);
    },
  };
}

/** Finished tasks' outputs as plain data. */
export function toPortable(tasks: readonly TaskOutput[]): Json {
  return tasks.map(portable);
}

function portable({
  task,
  agent,
  text,
  skipped,
}: TaskOutput): PortableTask & { readonly [key: string]: Json } {
  return skipped ? { task, agent, text, skipped } : { task, agent, text };
}

/** Made of what is plain already; only what a schema made may not be. */
function show({ text, parsed, tasks }: CrewOutput): Json {
  return deepFreeze({ text, parsed: toJsonOr(parsed, null), tasks: tasks.map(portable) });
}

function run<Parsed>(work: CrewWork, context: RunContext): Promise<CrewOutput<Parsed>> {
  return runWork(work, context).then((tasks) => finish<Parsed>(work.crew, tasks, context));
}

/** @throws as `runCrew`; RegattaError `hook/*` for a `beforeKickoff`. */
export async function runWork(
  { crew, inputs: given, settings }: CrewWork,
  outer: RunContext,
): Promise<readonly TaskOutput[]> {
  const { createContext, llm: defaultLlm, taskCallback } = crew;
  const { runId } = outer;
  const inputs = crew.beforeKickoff.length === 0 ? given : await prepare(crew, given, outer);
  let context = outer;
  if (outer.context === undefined && createContext !== undefined) {
    const making = Promise.resolve(createContext({ runId, inputs }));
    context = outer.withContext(await untilAborted(making, outer.signal, outer.orphan));
  }
  return runCrew(crew, { inputs, defaultLlm, taskCallback, ...settings }, context);
}

/** The inputs after every `beforeKickoff`. Recorded: they may come from outside. */
async function prepare(
  { beforeKickoff }: CrewDefinition,
  given: Inputs,
  context: RunContext,
): Promise<Inputs> {
  let inputs = given;
  for (const [index, hook] of beforeKickoff.entries()) {
    const name = `beforeKickoff[${index}]`;
    const call = async (): Promise<Json> => toJson(await callHook(name, () => hook(inputs), context));
    const changed = await context.step(`before-kickoff-${index}`, call);
    if (!isJsonObject(changed)) throw noInputs(name, changed);
    inputs = changed;
  }
  return inputs;
}

/** The output after every `afterKickoff`: on this side, since what a schema made does not cross threads. */
async function finish<Parsed>(
  { afterKickoff }: CrewDefinition,
  tasks: readonly TaskOutput[],
  context: RunContext,
): Promise<CrewOutput<Parsed>> {
  let output = toOutput<Parsed>(tasks, context);
  for (const [index, hook] of afterKickoff.entries()) {
    const name = `afterKickoff[${index}]`;
    const changed: unknown = await callHook(name, () => hook(output), context);
    if (!isOutput(changed)) throw noOutput(name, changed);
    output = Object.freeze({ ...changed }) as CrewOutput<Parsed>; // a hook gives what it got, changed
  }
  return output;
}

function isOutput(value: unknown): value is CrewOutput {
  if (typeof value !== 'object' || value === null) return false;
  const { text, tasks } = value as Partial<CrewOutput>;
  return typeof text === 'string' && Array.isArray(tasks);
}

function toOutput<Parsed>(tasks: readonly TaskOutput[], { runId, meter }: RunContext): CrewOutput<Parsed> {
  const last = tasks.findLast(({ skipped }) => skipped !== true);
  return Object.freeze({
    runId,
    text: last?.text ?? '',
    parsed: last?.parsed as Parsed, // by the last task's schema, which is where `Parsed` comes from
    tasks: Object.freeze([...tasks]),
    usage: meter.report(),
  });
}

async function revive(crew: CrewDefinition, task: PortableTask, index: number): Promise<TaskOutput> {
  const contract = crew.tasks[index]?.contract ?? null;
  if (contract === null || task.skipped) return Object.freeze({ ...task, parsed: undefined });
  const verdict = await checkAnswer(task.text, contract);
  // The other side has accepted this text by the same schema.
  return Object.freeze({ ...task, parsed: verdict.isValid ? verdict.value : undefined });
}

/** Every callback of the crew and its parts, by where it stands. */
function addressEntries({
  scope: own,
  tasks,
  agents,
  llm,
  manager,
  planner,
}: CrewDefinition): ReadonlyMap<string, Entry> {
  const scopes: (readonly [string, Scope])[] = [
    ['crew', own],
    ...tasks.map(({ scope }, index) => [`task-${index}`, scope] as const),
    ...tasks.map((task, index) => [`task-${index}-judge`, task.guardrailLlm?.scope ?? []] as const),
    ...agents.map(({ scope }, index) => [`agent-${index}`, scope] as const),
    ...agents.map((agent, index) => [`agent-${index}-llm`, agent.llm?.scope ?? []] as const),
    ...agents.map(({ planning }, index) => [`agent-${index}-plan-llm`, planning?.llm?.scope ?? []] as const),
    ['manager', manager?.scope ?? []],
    ['manager-llm', manager?.llm?.scope ?? []],
    ['planner-llm', planner?.llm?.scope ?? []],
    ['llm', llm?.scope ?? []],
  ];
  return new Map(
    scopes.flatMap(([place, scope]) => scope.map((entry, at) => [`${place}/${at}`, entry] as const)),
  );
}

function noInputs(hook: string, given: unknown): RegattaError {
  const message = `${hook} must give the inputs as an object, and gave ${showValue(given)}. Return the inputs that it got, or changed ones.`;
  return new RegattaError('hook/failed', message, { hook });
}

function noOutput(hook: string, given: unknown): RegattaError {
  const message = `${hook} must give the output, and gave ${showValue(given)}. Return the output that it got, or a changed copy.`;
  return new RegattaError('hook/failed', message, { hook });
}
