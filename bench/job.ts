/**
 * The job that every contestant does, in their own ways: two agents, two tasks one after the other,
 * three model calls, one tool run. The second task is told the first one's answer.
 *
 * Each crew has a marker of its own. It is given to the first task alone, so the answer of the second
 * has it only if the first one's answer was passed on.
 */
import { setImmediate } from 'node:timers/promises';
import { type Count, type EventObserver, Tally } from './tally.ts';

export const MODEL_ID = 'mock-1';

export interface AgentText {
  readonly role: string;
  readonly goal: string;
  readonly backstory: string;
}

export interface TaskText {
  readonly name: string;
  /** May hold `{subject}`, which stands for the crew's marker. */
  readonly description: string;
  readonly expectedOutput: string;
}

export const RESEARCHER: AgentText = {
  role: 'a senior researcher',
  goal: 'Find out what is known about a subject.',
  backstory: 'You use the lookup tool once, then report what you found.',
};

export const WRITER: AgentText = {
  role: 'a careful technical writer',
  goal: 'Turn findings into a short report.',
  backstory: 'You add nothing to the findings that you are given.',
};

export const RESEARCH: TaskText = {
  name: 'research',
  description: 'Research the subject {subject} and summarise the key facts.',
  expectedOutput: 'One paragraph of facts.',
};

export const REPORT: TaskText = {
  name: 'report',
  description: 'Write the final report from the findings.',
  expectedOutput: 'A short report.',
};

export const LOOKUP = { name: 'lookup', description: 'Looks up a fact about a subject.' } as const;

export function lookup(query: string): string {
  return `A fact about ${query}`;
}

/** Does the job once, tells `observer` every event, and gives the text of the last answer. */
export type RunCrew = (marker: string, observer: EventObserver) => Promise<string>;

export interface Contestant {
  readonly runCrew: RunCrew;
  close(): Promise<void>;
}

/** What a file of `contestants/` exports. */
export interface ContestantModule {
  /** `job` is this module, for who stands in another folder. */
  open(options: { readonly baseURL: string; readonly job: object }): Promise<Contestant>;
}

export function markerOf(crew: number): string {
  return `RUN-${crew.toString(36).padStart(6, '0')}`;
}

export interface CrewResult extends Count {
  /** Whether the last answer has the crew's own marker. */
  readonly isRight: boolean;
}

/** Runs crew number `crew` and counts its events. Rejects when the crew fails. */
export async function runCounted(runCrew: RunCrew, crew: number): Promise<CrewResult> {
  const marker = markerOf(crew);
  const tally = new Tally(marker);
  const text = await runCrew(marker, tally);
  // An event that comes behind the result is late, and only one that never comes is lost.
  if (tally.count().lost > 0) await setImmediate();
  return { ...tally.count(), isRight: text.includes(marker) };
}
