/** `regatta runs`: what is in a journal, answers to what its runs ask, and an end to what is old. */
import {
  isRegattaError,
  type Journal,
  type JournaledRun,
  type JournaledSteps,
  type Json,
  pendingInputsOf,
  respond,
} from '../index.ts';
import type { PostgresOptions } from '../stores/postgres.ts';
import { EXIT_USAGE, formatError } from './failure.ts';
import { badOption } from './inputs.ts';
import { databaseOf, journalName, openJournal } from './journal-target.ts';
import { usageText } from './report.ts';
import { oneLine, shorten } from './text.ts';

export interface JournalOption {
  readonly journal: string;
}

export interface ListOptions extends JournalOption {
  readonly status?: string;
  readonly name?: string;
  readonly limit?: string;
  readonly json?: boolean;
}

const STATUSES: readonly JournaledRun['status'][] = [
  'running',
  'suspended',
  'succeeded',
  'failed',
  'cancelled',
];
const OUTPUT_CHARS = 400;
const LIMIT = 100;

export async function listCommand({ journal, json, name, status, limit }: ListOptions): Promise<number> {
  return await withJournal(journal, async (runs) => {
    const wanted = STATUSES.find((one) => one === status);
    if (status !== undefined && wanted === undefined)
      throw badOption(
        '--status',
        status,
        `--status must be one of ${STATUSES.join(', ')}. Correct it or leave it out.`,
      );
    const found = await runs.list({
      limit: limit === undefined ? LIMIT : wholeNumber('--limit', limit),
      ...(name === undefined ? {} : { name }),
      ...(wanted === undefined ? {} : { status: wanted }),
    });
    print(json ? JSON.stringify(found, null, 2) : found.map(lineOf).join('\n'));
  });
}

export async function showCommand(
  runId: string,
  { journal, json }: JournalOption & { readonly json?: boolean },
): Promise<number> {
  return await withJournal(journal, async (runs) => {
    const found = await runs.read(runId);
    if (found === undefined)
      throw badOption(
        'run',
        runId,
        `The journal ${journalName(journal)} has no run "${runId}". Look at the list of its runs.`,
      );
    const pending = pendingInputsOf(runId, found.records);
    print(json ? JSON.stringify({ ...found, pending }, null, 2) : describe(found).join('\n'));
  });
}

/** `token` begins with the id of its run. */
export async function respondCommand(
  token: string,
  text: string,
  { journal }: JournalOption,
): Promise<number> {
  return await withJournal(journal, async (runs) => {
    const runId = token.slice(0, Math.max(0, token.indexOf('/')));
    const answer = parseAnswer(text);
    const database = databaseOf(journal);
    if (database === undefined) await respond(runs, runId, { token, answer });
    else await respondInDatabase(database, runId, { token, answer });
    print(
      `Answered. Unless the run is under way, or one of workers: regatta resume ${runId} --journal ${journalName(journal)}`,
    );
  });
}

/** Workers have to hear of an answer to a run of theirs, which waits in no process. */
async function respondInDatabase(
  database: PostgresOptions,
  runId: string,
  { token, answer }: Parameters<typeof respond>[2],
): Promise<void> {
  const { dbosEngine } = await import('../hosts/dbos/index.ts');
  await using engine = dbosEngine(database);
  await engine.find(runId).respond(token, answer);
}

export async function removeCommand(runIds: readonly string[], { journal }: JournalOption): Promise<number> {
  return await withJournal(journal, async (runs) => {
    const count = await runs.remove(runIds);
    print(`${count} removed${count < runIds.length ? '; the others are under way, or not there' : ''}`);
  });
}

export interface PruneOptions extends JournalOption {
  readonly olderThan?: string;
  readonly keep?: string;
}

export async function pruneCommand({ journal, olderThan, keep }: PruneOptions): Promise<number> {
  return await withJournal(journal, async (runs) => {
    const count = await runs.prune({
      olderThanMs: olderThan === undefined ? 0 : toMs(olderThan),
      keep: keep === undefined ? 0 : wholeNumber('--keep', keep),
    });
    print(`${count} removed`);
  });
}

async function withJournal(target: string, work: (journal: Journal) => Promise<void>): Promise<number> {
  try {
    await using journal = await openJournal(target);
    await work(journal);
    return 0;
  } catch (error) {
    if (!isRegattaError(error)) throw error;
    process.stderr.write(`${formatError(error)}\n`);
    return EXIT_USAGE;
  }
}

function print(text: string): void {
  if (text !== '') process.stdout.write(`${text}\n`);
}

/** `0190… succeeded brief 2026-11-24T10:00:00.000Z` */
function lineOf({ runId, status, name, startedAtMs, epoch, heldBy }: JournaledRun): string {
  const isStopped = status === 'running' && heldBy === null;
  const facts = [...(isStopped ? ['stopped'] : []), ...(epoch > 1 ? [`epoch ${epoch}`] : [])];
  const more = facts.length > 0 ? ` (${facts.join(', ')})` : '';
  return `${runId} ${status} ${oneLine(name)} ${new Date(startedAtMs).toISOString()}${more}`;
}

function describe({ run, records }: JournaledSteps): readonly string[] {
  const { ending, inputs, heldBy, parent, runId } = run;
  const lines = [lineOf(run), `inputs: ${shorten(JSON.stringify(inputs), OUTPUT_CHARS)}`];
  if (parent !== null) lines.push(`forked from: ${parent.runId} at ${parent.from}`);
  if (heldBy !== null) lines.push(`held by: ${heldBy}`);
  if (ending?.output) lines.push(`output: ${shorten(JSON.stringify(ending.output), OUTPUT_CHARS)}`);
  if (ending?.error) lines.push(formatError(ending.error));
  if (ending) lines.push(`usage: ${usageText(ending.usage)}`);
  for (const { token, kind, question, subject } of pendingInputsOf(runId, records)) {
    const about = subject === null ? '' : ` ${shorten(JSON.stringify(subject), OUTPUT_CHARS)}`;
    lines.push(`waits for: ${kind} ${token}: ${oneLine(question)}${about}`);
  }
  const steps = records.filter(({ key }) => /:(?:model|tool|input)$/.test(key));
  return [...lines, `steps: ${steps.length}`, ...steps.map(({ key }) => `  ${oneLine(key)}`)];
}

/** An answer as JSON. Its form is checked where it is given. */
function parseAnswer(text: string): Parameters<typeof respond>[2]['answer'] {
  try {
    return JSON.parse(text) as Parameters<typeof respond>[2]['answer'];
  } catch {
    const example = JSON.stringify({ approved: true } satisfies Json);
    throw badOption('answer', text, `The answer must be JSON, got ${text}. Write for example '${example}'.`);
  }
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30m`, `12h`, `7d` in milliseconds. */
function toMs(text: string): number {
  const [, count, unit = ''] = /^(\d+)([mhd])$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * (UNITS[unit] ?? 0);
  throw badOption(
    '--older-than',
    text,
    `--older-than must be a time such as 30m, 12h or 7d, got "${text}". Correct it.`,
  );
}

function wholeNumber(option: string, text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw badOption(
    option,
    text,
    `${option} must be a whole number, got "${text}". Correct it or leave it out.`,
  );
}
