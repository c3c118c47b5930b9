/** `regatta log-tasks-outputs`: what the tasks of a run gave, from a journal or from the events that `jsonlSink` wrote. */
import { readFileSync } from 'node:fs';
import { isRegattaError, type Json, RegattaError } from '../index.ts';
import { EXIT_USAGE, formatError } from './failure.ts';
import { badOption } from './inputs.ts';
import { type LoggedTask, type RunTasks, readJournaled } from './journaled-tasks.ts';
import { clean, oneLine } from './text.ts';

export interface TaskOutputsOptions {
  readonly events?: string;
  readonly journal?: string;
  readonly run?: string;
  readonly json?: boolean;
}

/** Prints the tasks in the order in which they began, or in that of the crew, and gives the exit code. */
export async function taskOutputsCommand(options: TaskOutputsOptions): Promise<number> {
  try {
    const { runId, tasks } = await readTasks(options);
    if (options.json) process.stdout.write(`${JSON.stringify({ runId, tasks }, null, 2)}\n`);
    else process.stdout.write(`run ${runId}\n${tasks.map((task, index) => block(task, index)).join('')}`);
    return 0;
  } catch (error) {
    if (!isRegattaError(error)) throw error;
    process.stderr.write(`${formatError(error)}\n`);
    return EXIT_USAGE;
  }
}

async function readTasks({ events: file, journal, run }: TaskOutputsOptions): Promise<RunTasks> {
  if (file === undefined) {
    const target = journal ?? process.env.REGATTA_DATABASE_URL;
    if (target !== undefined) return await readJournaled(target, run);
    throw badOption(
      '--events',
      '',
      'Nothing is named to read. Write --journal TARGET, where regatta run --journal TARGET recorded it, or --events FILE, with what jsonlSink(FILE) wrote.',
    );
  }
  const events = readEvents(file);
  const runId = run ?? lastRunOf(events, file);
  const tasks = foldTasks(events.filter((event) => event.runId === runId));
  if (run !== undefined && tasks.length === 0) {
    throw badOption('run', run, `${file} has no tasks of run ${run}. Leave the run out for the last one.`);
  }
  return { runId, tasks };
}

function block({ task, agent, status, text, error }: LoggedTask, index: number): string {
  const because = error === null ? '' : `: ${error}`;
  const head = `${index + 1}. ${oneLine(task)}${agent === '' ? '' : ` by ${oneLine(agent)}`}: ${status}${because}\n`;
  return text === null ? head : `${head}${clean(text).replace(/^/gm, '   ')}\n`;
}

/** A line of the file: one event, of any version. */
type Logged = Readonly<Record<string, unknown>> & { readonly type: string; readonly runId: string };

function readEvents(file: string): readonly Logged[] {
  return readText(file)
    .split('\n')
    .flatMap((line, index) => {
      if (line.trim() === '') return [];
      const event = parseLine(line);
      if (event !== undefined) return [event];
      const message = `Line ${index + 1} of ${file} is no event. Give a file that jsonlSink wrote.`;
      throw badOption('--events', file, message);
    });
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const message = `The file of --events, ${file}, cannot be read. Correct the path.`;
    throw new RegattaError('cli/file-not-found', message, { file }, { cause });
  }
}

function parseLine(line: string): Logged | undefined {
  try {
    const value = JSON.parse(line) as Partial<Logged> | null; // checked below
    const isEvent = typeof value?.type === 'string' && typeof value.runId === 'string';
    return isEvent ? (value as Logged) : undefined; // as just checked
  } catch {
    return undefined; // "no JSON" is an answer here, and the only thing JSON.parse throws for
  }
}

/** The run of a crew that began last; runs of single calls have no tasks. */
function lastRunOf(events: readonly Logged[], file: string): string {
  const last = events.findLast(({ type }) => type === 'task.start');
  if (last !== undefined) return last.runId;
  throw badOption('--events', file, `${file} has no event of a task. Give a file with the events of a crew.`);
}

function foldTasks(events: readonly Logged[]): readonly LoggedTask[] {
  const tasks = new Map<string, LoggedTask>();
  for (const event of events) {
    const name = String(event.task ?? '');
    if (event.type === 'task.start') {
      tasks.set(name, {
        task: name,
        agent: String(event.agent),
        status: 'running',
        text: null,
        parsed: null,
        error: null,
      });
    }
    if (event.type === 'task.end') {
      const agent = tasks.get(name)?.agent ?? String(event.agent ?? '');
      const { status, text, parsed, error } = event as {
        status?: unknown;
        text?: unknown;
        parsed?: Json;
        error?: unknown;
      }; // fields of any event may be asked for
      const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : null;
      tasks.set(name, {
        task: name,
        agent,
        status: String(status),
        text: typeof text === 'string' ? text : null,
        parsed: parsed ?? null,
        error: code,
      });
    }
  }
  return [...tasks.values()];
}
