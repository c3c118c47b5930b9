/** `regatta resume`, `runs fork` and `runs replay`: runs that begin with what a journal has. */
import { fileURLToPath } from 'node:url';
import {
  type Crew,
  type CrewOutput,
  type ForkPoint,
  type JournaledRun,
  type KickoffOptions,
  RegattaError,
  type Run,
  type Runtime,
} from '../index.ts';
import { type Common, type ExecuteOptions, execute, type Loaded } from './execute.ts';
import { badOption, readInputs } from './inputs.ts';
import { journalName, openJournal } from './journal-target.ts';
import { loadTarget, type Target } from './load-target.ts';

/** As commander gives them. */
export interface ResumeOptions extends ExecuteOptions {
  readonly journal: string;
  readonly export?: string;
  readonly input?: readonly string[];
  readonly from?: string;
  readonly allowChanges?: boolean;
  readonly takeOver?: boolean;
}

interface Recorded {
  readonly runId: string;
  /** A module, or the folder of a project; undefined = where the run says that its crew is. */
  readonly file: string | undefined;
}

type Begin = (
  runtime: Runtime,
  crew: Crew,
  options: Pick<KickoffOptions, 'stream' | 'onInput'> & { readonly allowChanges: boolean },
) => Promise<Run<CrewOutput>>;

export async function resumeCommand(target: Recorded, options: ResumeOptions): Promise<number> {
  const { takeOver = false } = options;
  return await begin(target, options, (runtime, crew, common) =>
    runtime.resume(crew, target.runId, { ...common, takeOver }),
  );
}

/** `from` is a task, or the key of a recorded step, which has a colon. */
export async function forkCommand(target: Recorded, options: ResumeOptions): Promise<number> {
  const { from = '', input = [] } = options;
  return await begin(target, options, async (runtime, crew, common) => {
    const isTask = crew.tasks.some(({ name }, index) => (name ?? `task-${index + 1}`) === from);
    const point: ForkPoint = isTask || !from.includes(':') ? { task: from } : { step: from };
    const [inputs = {}] = readInputs({ pairs: input, file: undefined });
    const isChanged = input.length > 0;
    const before = isChanged ? (await find(options.journal, target.runId)).inputs : {};
    const merged = { ...(before as object), ...inputs };
    return await runtime.fork(crew, target.runId, {
      ...common,
      from: point,
      ...(isChanged ? { inputs: merged } : {}),
    });
  });
}

async function begin({ runId, file }: Recorded, options: ResumeOptions, how: Begin): Promise<number> {
  return await execute(options, async () => {
    const recorded = await find(options.journal, runId);
    const target = await targetOf(recorded, file, options.export);
    return { ...target, plan: planOf({ recorded, crew: target.crew, options, how }) };
  });
}

interface Beginning {
  readonly recorded: JournaledRun;
  readonly crew: Crew;
  readonly options: ResumeOptions;
  readonly how: Begin;
}

function planOf({ recorded, crew, options, how }: Beginning): Loaded['plan'] {
  return async (runtime: Runtime, common: Common) => {
    const begun = await how(runtime, crew, { ...common, allowChanges: options.allowChanges ?? false });
    const inputs = recorded.inputs as NonNullable<KickoffOptions['inputs']>; // they were a run's inputs
    return {
      entries: [{ name: recorded.name, crew, options: { ...common, inputs }, begun }],
      concurrency: 1,
    };
  };
}

async function find(target: string, runId: string): Promise<JournaledRun> {
  await using journal = await openJournal(target);
  const [run] = await journal.list({ runId });
  if (run !== undefined) return run;
  const name = journalName(target);
  const message = `The journal ${name} has no run "${runId}". Look at: regatta runs list --journal ${name}.`;
  throw new RegattaError('journal/unknown-run', message, { runId });
}

async function targetOf(
  { ref, runId }: JournaledRun,
  file: string | undefined,
  exported: string | undefined,
): Promise<Target> {
  if (file !== undefined) return await loadTarget(file, exported);
  if (ref?.module.startsWith('file:'))
    return await loadTarget(fileURLToPath(ref.module), exported ?? ref.export);
  throw badOption(
    'file',
    '',
    `Run "${runId}" does not say where its crew is: that of a project, and one without a ref, have no module. Give its folder or its module, as in: regatta resume ${runId} DIR.`,
  );
}
