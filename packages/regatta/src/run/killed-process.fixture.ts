/**
 * A process that starts or resumes the one run of a journal: `file`, `log`, `crew`, and at which of its
 * writes it kills itself. It logs, synchronously, what it does.
 */
import { appendFileSync } from 'node:fs';
import { type Journal, sqliteJournal } from '../index.ts';
import { harbour, reversed } from './harbour.fixture.ts';
import { asker } from './suspended.fixture.ts';

const [file = '', log = '', name = '', killAt = '0', phase = ''] = process.argv.slice(2);
const say = (line: object): void => appendFileSync(log, `${JSON.stringify(line)}\n`);
const kept = sqliteJournal({ path: file });
let writes = 0;
const journal: Journal = {
  ...kept,
  write: async (...args) => {
    const isLast = ++writes === Number(killAt);
    if (isLast && phase === 'before') process.kill(process.pid, 'SIGKILL');
    const written = await kept.write(...args);
    if (isLast) process.kill(process.pid, 'SIGKILL');
    return written;
  },
};

let runId = '';
const crew =
  name === 'asker'
    ? asker
    : harbour({
        log: (spanId, what) => say({ use: { place: spanId.slice(runId.length + 1), what } }),
        pace: reversed(Number(name)),
      });
const [earlier] = await kept.list();
const records = earlier === undefined ? [] : ((await kept.read(earlier.runId))?.records ?? []);
say({ epoch: (earlier?.epoch ?? 0) + 1, known: records.map(({ key }) => key) });
const callbacks = [(event: object): void => say({ event })];
const run =
  earlier === undefined
    ? crew.start({ journal, callbacks, inputs: { port: 'Brest' } })
    : await crew.resume(earlier.runId, { journal, callbacks });
runId = run.id;
process.stdout.write('under way\n');
const { tasks } = await run.result;
await run.flush();
say({ done: { texts: tasks.map(({ text }) => text), ledger: run.ledger } });
await kept.close();
