/** Storage and processes: R51 to R60. */
import type { Section } from '../mutant.ts';

const SQLITE = 'packages/regatta/src/stores/sqlite-cache.test.ts';
const JOURNAL = 'packages/regatta/src/run/journal.test.ts';

export const storage: Section = {
  title: 'Storage and processes',
  races: {
    R51: 'one store of latest results for all runs',
    R52: 'a lock is held across code of others, or fails for other reasons',
    R53: 'a lease ends while its holder still works',
    R54: 'processes migrate one database at once',
    R55: 'two writers of one record',
    R56: 'work is done again after a redelivery',
    R57: 'events are lost when the process ends',
    R58: 'the process is frozen in the middle of a flush',
    R59: 'a full queue drops without a word',
    R60: 'a singleton is shared by reloads and environments',
  },
  mutants: [
    {
      race: 'R51',
      title: 'steps are recorded by their name alone, for whatever run comes first',
      file: 'testing/memory-journal.ts',
      find: 'const kept = this.#hold(runId, epoch);\n    const earlier',
      replace:
        'this.#hold(runId, epoch);\n    const kept = this.#get([...this.#runs.keys()][0] ?? runId);\n    const earlier',
      test: JOURNAL,
      name: 'runs that share a journal get results of their own',
    },
    {
      race: 'R54',
      title: 'each process makes the tables of the file that it opens',
      file: 'stores/reply-file.ts',
      find: 'CREATE TABLE IF NOT EXISTS replies',
      replace: 'CREATE TABLE replies',
      test: SQLITE,
      name: 'two processes write one file at once, and nothing is lost',
    },
    {
      race: 'R55',
      title: 'a write to a file that another process holds is given up',
      file: 'stores/busy.ts',
      find: 'if (!isBusy(error) || performance.now() >= giveUpAt) throw error;',
      replace: 'throw error;',
      test: SQLITE,
      name: 'while another holds the file the event loop goes on',
    },
    {
      race: 'R55',
      title: 'the last writer of a step wins',
      file: 'testing/memory-journal.ts',
      find: 'if (earlier !== undefined) return { isFirst: false, value: earlier };',
      replace: '',
      test: 'packages/regatta/src/testing/check-journal.test.ts',
      name: 'the journal in memory keeps the rules',
    },
    {
      race: 'R57',
      title: 'nothing keeps the process alive until the callbacks of a run have heard all',
      file: 'run/run.ts',
      find: 'await Promise.race([settled, timeout]);',
      replace: 'timer.unref();\n      await Promise.race([settled, timeout]);',
      test: 'packages/regatta/src/api/exit.test.ts',
      name: 'a program that ends by itself has delivered everything',
    },
    {
      race: 'R59',
      title: 'what does not fit is not counted',
      file: 'observe/backlog.ts',
      find: 'else if (isEnd(event)) this.#queue.push(event);\n    else this.#dropped++;',
      replace: 'else if (isEnd(event)) this.#queue.push(event);',
      test: 'packages/regatta/src/observe/flush.test.ts',
      name: 'a burst of 10,000 into a lane of 2,048',
    },
    {
      race: 'R59',
      title: 'what a spill fails to keep is counted when it is missed, and once more when the write fails',
      file: 'observe/backlog.ts',
      find: 'if (events.length === 0 && this.#writing === 0) {',
      replace: 'if (events.length === 0) {',
      test: 'packages/regatta/src/observe/spill.test.ts',
      name: 'whatever a spill fails to keep, and however late it says so',
    },
    {
      race: 'R60',
      title: 'all copies of the package share a default runtime',
      file: 'api/core.ts',
      find: 'const holder: { core?: RuntimeCore } = {};',
      replace:
        'const holder = ((globalThis as { zoo?: { core?: RuntimeCore } }).zoo ??= {}) as { core?: RuntimeCore };',
      test: 'packages/regatta/src/api/reload.test.ts',
      name: 'each copy has a runtime of its own',
    },
    {
      race: 'R60',
      title: 'importing the package leaves a listener on the process',
      file: 'api/core.ts',
      find: 'const holder: { core?: RuntimeCore } = {};',
      replace: `const holder: { core?: RuntimeCore } = {};
process.on('beforeExit', () => void holder.core?.close());`,
      test: 'packages/regatta/src/api/reload.test.ts',
      name: 'loading and using the package again and again',
    },
  ],
  exemptions: [
    {
      race: 'R52',
      why: 'The event loop waits for no lock: a scope is published in one synchronous step (R01), who waits for a rate limit can leave (R49), and a SQLite file is opened by a thread of its own',
      forbids: /node:sqlite|\bAtomics\.wait\b|\b(?:Mutex|Semaphore)\b|navigator\.locks/,
      within: [
        'base',
        'observe',
        'model',
        'tool',
        'agent',
        'crew',
        'run',
        'api',
        'engines',
        'hosts',
        'sinks',
      ],
    },
    {
      race: 'R53',
      why: 'There are no leases yet: a run is held by the process that started it',
      absent: ['engines/dbos', 'run/lease.ts'],
    },
    {
      race: 'R56',
      why: 'Nothing delivers work a second time yet: `Engine.execute` is called once for a run',
      absent: ['engines/dbos', 'run/resume.ts'],
    },
    {
      race: 'R58',
      why: '`Run.flush` gives a promise to hand to `waitUntil`; a sink sends while it handles an event, from no timer of its own',
      forbids: /setInterval\(/,
      within: ['sinks', 'callbacks', 'observe', 'run'],
    },
  ],
};
