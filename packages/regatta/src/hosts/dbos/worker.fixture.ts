/**
 * A worker as a process of its own, which may be told when to die: at its n-th record, before or after it, or
 * as soon as the first end of a run is kept; or to stand still just before it makes its first run, or
 * in a look for dead workers, as soon as it knows who is alive.
 */
import { Fleet } from '../../stores/postgres-fleet.ts';
import { PostgresJournal } from '../../stores/postgres-journal.ts';
import { asking } from './asking.fixture.ts';
import { createWorker } from './index.ts';
import { relay } from './relay.fixture.ts';
import { fatal, slots } from './slots.fixture.ts';

const [connectionString = '', options = '{}'] = process.argv.slice(2);
const { dieAt, phase, dieAtEnd, stopAtRun, stopAtReap, dieAfterMs, ...rest } = JSON.parse(options);

if (dieAt !== undefined) {
  const { write } = PostgresJournal.prototype;
  let writes = 0;
  PostgresJournal.prototype.write = async function (...args) {
    const isLast = ++writes === dieAt;
    if (isLast && phase === 'before') process.kill(process.pid, 'SIGKILL');
    const written = await write.apply(this, args);
    if (isLast) process.kill(process.pid, 'SIGKILL');
    return written;
  };
}

if (dieAtEnd) {
  const { end } = PostgresJournal.prototype;
  PostgresJournal.prototype.end = async function (...args) {
    await end.apply(this, args);
    process.kill(process.pid, 'SIGKILL');
  };
}

if (stopAtRun) {
  const { create } = PostgresJournal.prototype;
  PostgresJournal.prototype.create = async function (...args) {
    process.send?.('stops');
    process.kill(process.pid, 'SIGSTOP');
    await create.apply(this, args);
  };
}

if (stopAtReap) {
  const { workers } = Fleet.prototype;
  let isFirst = true;
  Fleet.prototype.workers = async function (...args) {
    const seen = await workers.apply(this, args);
    if (isFirst) {
      isFirst = false;
      process.send?.('stops');
      process.kill(process.pid, 'SIGSTOP');
    }
    return seen;
  };
}

const worker = await createWorker({ connectionString, crews: [relay, slots, fatal, asking], ...rest });
process.once('SIGTERM', () => void worker.close({ timeoutMs: 10_000 }).then(() => process.exit(0)));
process.send?.('ready');
if (dieAfterMs !== undefined) setTimeout(() => process.kill(process.pid, 'SIGKILL'), dieAfterMs);
