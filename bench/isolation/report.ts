/** The results as a page: one table, and how each column was measured. */
import { CALLS, type Counts } from './cases.ts';

export interface Row {
  readonly title: string;
  readonly packages: readonly string[];
  /** By case, and `mechanism`. */
  readonly results: Readonly<Record<string, Counts>>;
}

const COLUMNS: readonly (readonly [title: string, cell: (results: Row['results']) => string])[] = [
  [
    'foreign events',
    ({ cross }) => (cross ? `${cross.foreign} (own ${cross.own} of ${cross.expected})` : ''),
  ],
  ['waits for a neighbour’s handler', ({ slow }) => yes(slow?.otherWaits)],
  ['waits for its own handler', ({ slow }) => yes(slow?.ownWaits)],
  [
    'same class, while a run is under way',
    ({ eviction }) =>
      eviction ? `${eviction.first} of ${eviction.expected}, foreign ${eviction.foreign}` : '',
  ],
  ['handler throws', ({ throwing }) => `${throwing?.throws ?? ''}`],
  ['handler rejects', ({ throwing }) => `${throwing?.rejects ?? ''}`],
  ['heard when the process ends by itself', ({ exit }) => heard(exit)],
  ['heard at process.exit', (results) => heard(results['process.exit'])],
  ['heap bytes left per run', ({ growth }) => `${growth?.heapBytesPerRun ?? ''}`],
  ['observers left of 1,000', ({ growth }) => `${growth?.observersLeft ?? ''}`],
];

export function toMarkdown(rows: readonly Row[]): string {
  const date = new Date().toISOString().slice(0, 10);
  const header = `| | ${rows.map(({ title }) => title).join(' | ')} |\n|---|${rows.map(() => '---').join('|')}|`;
  const lines = COLUMNS.map(
    ([title, cell]) => `| ${title} | ${rows.map(({ results }) => cell(results)).join(' | ')} |`,
  );
  const versions = rows.map(
    ({ title, packages, results }) =>
      `- **${title}**: ${packages.join(', ')}. Observer: ${results.mechanism?.mechanism ?? 'unknown'}.`,
  );
  return `# Isolation: do runs get in each other's way?

Made by \`npm run bench:isolation -- --write\` on ${date}, Node ${process.version}. Counts, not times: but for the heap, they do not depend on the machine.

${header}
${lines.join('\n')}

## Who

${versions.join('\n')}

${METHOD}`;
}

function heard(counts: Counts | undefined): string {
  if (counts === undefined) return '';
  const { delivered, ended } = counts;
  return `${delivered} of ${CALLS}${ended === true ? '' : ', and the process does not end within 30 s'}`;
}

function yes(value: unknown): string {
  if (value === undefined) return '';
  return value === true ? 'yes' : 'no';
}

const METHOD = `## How

Every contestant has the same job: one agent, one tool call, two model calls against a model server on this machine, and for each run an observer of its own, registered by the means that the framework's documentation gives for one run. Where there are two such means, both are listed. Every case runs in a process of its own. The code is in this folder: \`contestants/\` has one file for each, \`cases.ts\` the cases.

- **foreign events**: twenty runs at once. The marker of a run stands in its prompt, and so in every answer; an observer counts the events that hold another run's marker. \`own\` are those that hold its own.
- **waits for a neighbour's handler**: one run's handler returns a promise that stays pending. Does another run, started then, give its result within 3 seconds? **Its own handler**: does the run that the handler belongs to?
- **same class**: a run is held in its tool; another run begins, with an observer of the same class, and ends; then the first one goes on. How many of its own events did the first run's observer hear, and how many foreign ones did both?
- **handler throws, rejects**: in one of two runs at once, on every event. "uncaught" counts \`uncaughtException\` and \`unhandledRejection\`, which end a process that does not listen for them.
- **when the process ends by itself**: handlers take half a second each, longer than the run; nothing follows the result, and nobody waits for the handlers. **At process.exit**: \`process.exit(0)\` right after the result.
- **heap, observers left**: 1,000 runs to warm up, then 1,000 more, one after the other, then garbage collection. It is noisy: some hundred bytes per run are compiled code and caches, and a negative figure says that more from before was released than the runs left behind; the slope over 100,000 runs of Regatta is in \`npm run stress\`. Observers are held by weak references: those that are left are held by the framework.

## What it does not say

- A callback that is an argument of one call, as in the AI SDK, Mastra and VoltAgent, cannot hear other calls by its nature; and it is awaited by the call. That is a choice: the handler's events are never lost, and the run waits for it.
- Trace processors of OpenAI Agents JS are made for a whole process. They are listed because they are the only observers there that hear model calls; an application sorts their events by trace id.
- Regatta, like every framework that does not wait for handlers, loses events at \`process.exit\` that its handlers had not finished: \`await run.flush()\` first.
`;
