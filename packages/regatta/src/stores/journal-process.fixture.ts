/** A process with a journal in a SQLite file: `file`, `mode`, `name`. */
// Not by the index: sixteen of these start at once.
import { isRegattaError } from '../base/errors.ts';
import type { RunEnding, RunRecord } from '../ports/journal.ts';
import { sqliteJournal } from './sqlite-journal.ts';

const [file = '', mode = '', name = '', leaseMs = '30000'] = process.argv.slice(2);
const journal = sqliteJournal({ path: file, leaseMs: Number(leaseMs) });
const run: RunRecord = {
  runId: name,
  name: 'crew',
  ref: null,
  fingerprint: {},
  inputs: {},
  startedAtMs: 0,
  seed: 0,
  settings: null,
  parent: null,
};
const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const codeOf = (error: unknown): string => (isRegattaError(error) ? error.code : String(error));

if (mode === 'write') {
  await journal.create(run, []);
  const writes = Array.from({ length: 20 }, (_, index) =>
    journal.write(name, { key: `step-${index}:tool`, value: index }, 1),
  );
  await Promise.all(writes);
  say('done'); // and ends by itself, without close
} else if (mode === 'hold') {
  await journal.create(run, []);
  say('held');
  // Writes whenever it is told to, until its parent is done with it.
  process.stdin.on('data', async () => {
    const written = await journal
      .write(name, { key: 'late:tool', value: 'late' }, 1)
      .then(() => 'written', codeOf);
    say(written);
  });
} else if (mode === 'claim') {
  const claimed = await journal
    .claim(name, { takeOver: false })
    .then(({ run }) => `epoch ${run.epoch}`, codeOf);
  say(claimed);
  const ending = { status: 'failed', output: null, error: null, usage: {} } as unknown as RunEnding;
  // Long enough for the other process to ask: it is told what to do by the end of its input.
  process.stdin.resume().on('end', async () => {
    if (claimed.startsWith('epoch')) await journal.end(name, ending, Number(claimed.slice(6)));
    await journal.close();
  });
}
