/** `loadProject`: a crew from the files of a folder. */
import { existsSync, realpathSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { type Crew, type Inputs, type LLM, RegattaError } from '../index.ts';
import { buildCrew } from './build.ts';
import { createCodeLoader } from './code.ts';
import type { NameRef, ReadContext } from './fields/field.ts';
import { names } from './fields/kinds.ts';
import { llm } from './fields/llm-kind.ts';
import { findFiles, isProject } from './find-files.ts';
import { Findings, type ProjectNote } from './findings.ts';
import { gatherParts, type Parts } from './gather.ts';
import { describe, isNothing, plainOf } from './value.ts';

export interface Project {
  /** Its folder, absolute. */
  readonly folder: string;
  readonly crew: Crew;
  /** What the crew file gives as `inputs`: give them to `kickoff`, with others over them. */
  readonly inputs: Inputs;
  /** Every input that the texts ask for, in order. */
  readonly placeholders: readonly string[];
  /** Those without a default. */
  readonly missing: readonly string[];
  /** Keys that mean nothing here, each once. */
  readonly notes: readonly ProjectNote[];
  /** The model of `regatta chat`, where the crew file names one. */
  readonly chatLlm: string | LLM | undefined;
}

/**
 * Reads the project in `path`, a folder or a crew file, and imports the code that its files name. Files
 * are found in the folder, in `config`, and in `src/NAME/config`. Without a crew file the tasks of
 * tasks.yaml are done in their order by the agents of agents.yaml, as in crewAI.
 *
 * @throws RegattaError `project/invalid` with everything that is wrong, each with file, line and column;
 * `project/not-found` where there is no such folder or no such files.
 * @example
 * const { crew, inputs } = await loadProject('research');
 * const output = await crew.kickoff({ inputs: { ...inputs, topic: 'tides' } });
 */
export async function loadProject(path: string): Promise<Project> {
  const given = resolve(path);
  if (!existsSync(given)) throw notFound(given, `There is no folder ${given}. Correct the path.`);
  if (!isProject(given)) {
    throw notFound(
      given,
      `${given} holds no project: no crew.yaml, agents.yaml or tasks.yaml. Write them, or make a project with regatta create crew NAME.`,
    );
  }
  const findings = new Findings(path);
  const files = findFiles(realpathSync(given), findings);
  const parts = await gatherParts(files, findings);
  if (parts.agents.size === 0)
    findings.addTo(
      'agents.yaml',
      'The project has no agents. Write agents.yaml, or agents: in the crew file.',
    );
  if (parts.tasks.size === 0)
    findings.addTo('tasks.yaml', 'The project has no tasks. Write tasks.yaml, or tasks: in the crew file.');
  const packages = await readPackages(parts, findings);
  const code = createCodeLoader(files.root, packages);
  const crew = await buildCrew(parts, { findings, code, name: basename(files.root) });
  const inputs = readInputs(parts, findings);
  const chatLlm = await readChatLlm(parts, { subject: 'chat_llm of the crew', findings, code });
  findings.throwIfAny();
  if (crew === undefined)
    throw new Error('A crew that could not be made has no problem: this is a fault of loadProject.');
  const { placeholders } = crew.plan;
  return Object.freeze({
    folder: files.root,
    crew,
    inputs,
    placeholders,
    missing: placeholders.filter((name) => !Object.hasOwn(inputs, name)),
    notes: findings.notes,
    chatLlm,
  });
}

function notFound(folder: string, message: string): RegattaError {
  return new RegattaError('project/not-found', message, { folder });
}

function readInputs({ own }: Parts, findings: Findings): Inputs {
  const value = own.get('inputs')?.value;
  if (value === undefined || isNothing(value)) return Object.freeze({});
  if (value.kind === 'mapping') return Object.freeze(plainOf(value) as Inputs); // of a mapping it is one
  findings.add(
    value.place,
    `inputs must be a mapping of names and values, and is ${describe(value)}. Write for example inputs: { topic: tides }.`,
  );
  return Object.freeze({});
}

async function readPackages({ own }: Parts, findings: Findings): Promise<readonly string[]> {
  const value = own.get('packages')?.value;
  if (value === undefined || isNothing(value)) return [];
  const nothing = createCodeLoader(process.cwd(), []);
  const read = await names.read(value, { subject: 'packages of the crew', findings, code: nothing });
  return ((read ?? []) as readonly NameRef[]).map(({ name }) => name); // the kind gives them
}

async function readChatLlm({ own }: Parts, context: ReadContext): Promise<string | LLM | undefined> {
  const value = (own.get('chat_llm') ?? own.get('chatLlm'))?.value;
  if (value === undefined || isNothing(value)) return undefined;
  return (await llm.read(value, context)) as string | LLM | undefined; // the kind gives one of them
}
