/**
 * Checks an implementation of the `Journal` seam against the rules that runs rely on.
 *
 * It knows no test framework: it gives sentences, and none if nothing is wrong.
 */
import { isRegattaError } from '../base/errors.ts';
import { type Json, stableStringify, toJson } from '../base/json.ts';
import type { Journal, RunEnding, RunRecord } from '../ports/journal.ts';

export interface CheckJournalOptions {
  /**
   * Another opening of the journal that `open` gave, as another process would have it; absent for one that
   * does not outlive its process.
   */
  readonly reopen?: () => Journal | Promise<Journal>;
}

type Rule = readonly [name: string, check: (bench: Bench) => Promise<void>];

/** What is wrong with the journals that `open` gives, one sentence each. Each rule gets an empty one. */
export async function checkJournal(
  open: () => Journal | Promise<Journal>,
  { reopen }: CheckJournalOptions = {},
): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const [name, check] of RULES) {
    const journal = await open();
    const bench = new Bench(journal, reopen, (what) => findings.push(`${name}: ${what}.`));
    try {
      await check(bench);
    } catch (error) {
      findings.push(`${name}: ${String(error)}`);
    }
    await bench.close();
  }
  return findings;
}

/** One journal under test. */
class Bench {
  readonly journal: Journal;
  readonly report: (what: string) => void;
  readonly #reopen: (() => Journal | Promise<Journal>) | undefined;
  readonly #others: Journal[] = [];

  constructor(
    journal: Journal,
    reopen: (() => Journal | Promise<Journal>) | undefined,
    report: (what: string) => void,
  ) {
    this.journal = journal;
    this.#reopen = reopen;
    this.report = report;
  }

  /** Seen from another process, where there may be one. */
  async elsewhere(): Promise<Journal> {
    if (this.#reopen === undefined) return this.journal;
    const other = await this.#reopen();
    this.#others.push(other);
    return other;
  }

  same(what: string, found: unknown, expected: Json): void {
    const [one, other] = [stableStringify(toJson(found)), stableStringify(expected)];
    if (one !== other) this.report(`${what} is ${one}, and should be ${other}`);
  }

  async refused(what: string, code: string, work: Promise<unknown>): Promise<void> {
    const said = await work.then(
      () => 'done',
      (error) => (isRegattaError(error) ? error.code : String(error)),
    );
    if (said !== code) this.report(`${what} is ${said}, and should be refused with ${code}`);
  }

  async close(): Promise<void> {
    for (const one of [...this.#others, this.journal]) await one.close();
    await this.journal.close(); // idempotent
  }
}

const EXACT = { text: 'ä "quoted" \\ \u2028 😀', list: [1, 0.1, null, true], empty: {} };

function runOf(runId: string, rest: Partial<RunRecord> = {}): RunRecord {
  const parts = { fingerprint: { 'agent "a"': { goal: 'x' } }, inputs: EXACT, settings: EXACT, parent: null };
  return { runId, name: 'crew', ref: null, startedAtMs: 1_000.5, seed: 2 ** 32 - 1, ...parts, ...rest };
}

function endOf(status: RunEnding['status']): RunEnding {
  const sums = { inputTokens: 1, outputTokens: 2, totalTokens: 3, cachedInputTokens: 0, cacheWriteTokens: 0 };
  const usage = { calls: 1, attempts: 1, ...sums, reasoningTokens: 0, costUsd: null, estimated: 0 };
  return { status, output: status === 'succeeded' ? EXACT : null, error: null, usage };
}

const RULES: readonly Rule[] = [
  [
    'A run and its records are read as they were written, in order',
    async (bench) => {
      const { journal } = bench;
      await journal.create(runOf('r', { parent: { runId: 'p', from: 'task', kept: 1 } }), [
        { key: 'c:tool', value: 0 },
      ]);
      await journal.write('r', { key: 'b:model', value: EXACT }, 1);
      await journal.write('r', { key: 'a:model', value: 'last' }, 1);
      const found = await (await bench.elsewhere()).read('r');
      bench.same('records', found?.records, [
        { key: 'c:tool', value: 0 },
        { key: 'b:model', value: EXACT },
        { key: 'a:model', value: 'last' },
      ]);
      const { heldBy, updatedAtMs, ...run } = found?.run ?? {};
      const expected = {
        ...runOf('r', { parent: { runId: 'p', from: 'task', kept: 1 } }),
        epoch: 1,
        ending: null,
      };
      bench.same('run', run, toJson({ ...expected, status: 'running' }));
      if (typeof heldBy !== 'string' || typeof updatedAtMs !== 'number')
        bench.report('nobody holds a new run');
      bench.same('find', await journal.find('r', 'b:model'), { key: 'b:model', value: EXACT });
      bench.same('find of nothing', (await journal.find('r', 'x:model')) ?? null, null);
      bench.same('read of nothing', (await journal.read('x')) ?? null, null);
    },
  ],
  [
    'The first record of a key stays, and whoever comes later is told what it says',
    async (bench) => {
      const { journal } = bench;
      await journal.create(runOf('r'), []);
      await journal.create(runOf('s'), []);
      const other = await bench.elsewhere();
      const writes = [1, 2, 3, 4, 5, 6].map(
        async (value) =>
          await (value % 2 === 0 ? other : journal).write(
            'r',
            { key: 'k:input', value },
            value > 3 ? 1 : null,
          ),
      );
      const written = await Promise.all(writes);
      const kept = (await journal.find('r', 'k:input'))?.value;
      if (written.filter(({ isFirst }) => isFirst).length !== 1) bench.report('not exactly one was first');
      if (written.some(({ value }) => value !== kept)) bench.report('the record is not what all were told');
      bench.same('the same key of another run', await journal.write('s', { key: 'k:input', value: 9 }, 1), {
        isFirst: true,
        value: 9,
      });
    },
  ],
  [
    'A run is created once',
    async (bench) => {
      const { journal } = bench;
      await journal.create(runOf('r'), []);
      await bench.refused('a second creation', 'journal/run-exists', journal.create(runOf('r'), []));
      await bench.refused(
        'a claim of nothing',
        'journal/unknown-run',
        journal.claim('x', { takeOver: true }),
      );
      const record = { key: 'k', value: 1 };
      await bench.refused('a write to nothing', 'journal/unknown-run', journal.write('x', record, null));
    },
  ],
  [
    'Of those who claim a run at once, one gets it; who held it before writes nothing more',
    async (bench) => {
      const { journal } = bench;
      await journal.create(runOf('r'), [{ key: 'k:tool', value: 1 }]);
      await bench.refused('a claim of a held run', 'journal/held', journal.claim('r', { takeOver: false }));
      await journal.end('r', endOf('suspended'), 1);
      const other = await bench.elsewhere();
      const claims = await Promise.allSettled(
        [journal, other, journal, other].map(async (one) => await one.claim('r', { takeOver: false })),
      );
      const won = claims.flatMap((claim) => (claim.status === 'fulfilled' ? [claim.value] : []));
      bench.same('claims that won', won.length, 1);
      bench.same('epoch', won[0]?.run.epoch, 2);
      bench.same('status', won[0]?.run.status, 'running');
      bench.same('records', won[0]?.records, [{ key: 'k:tool', value: 1 }]);
      const late = { key: 'late:tool', value: 1 };
      await bench.refused('a write of the epoch before', 'journal/lost', journal.write('r', late, 1));
      await bench.refused('an end of the epoch before', 'journal/lost', journal.end('r', endOf('failed'), 1));
      const taken = await journal.claim('r', { takeOver: true });
      bench.same('epoch after a takeover', taken.run.epoch, 3);
      await bench.refused('a write of who lost it', 'journal/lost', other.write('r', late, 2));
      bench.same('the late record', (await journal.find('r', 'late:tool')) ?? null, null);
      bench.same('an answer from outside', await other.write('r', late, null), { isFirst: true, value: 1 });
    },
  ],
  [
    'An end is kept, and lets go of the run',
    async (bench) => {
      const { journal } = bench;
      await journal.create(runOf('r'), []);
      await journal.end('r', endOf('succeeded'), 1);
      const found = (await (await bench.elsewhere()).read('r'))?.run;
      bench.same(
        'end',
        [found?.status, found?.ending, found?.heldBy],
        toJson(['succeeded', endOf('succeeded'), null]),
      );
      await journal.write('r', { key: 'orphan:tool', value: 1 }, 1); // work that outlived its run
      bench.same('status after a late record', (await journal.read('r'))?.run.status, 'succeeded');
    },
  ],
  [
    'Runs are listed newest first, by what is asked for',
    async (bench) => {
      const { journal } = bench;
      for (const id of ['a', 'b', 'c'])
        await journal.create(runOf(id, { name: id === 'b' ? 'other' : 'crew' }), []);
      await journal.end('a', endOf('failed'), 1);
      const ids = async (filter?: Parameters<Journal['list']>[0]): Promise<Json> =>
        (await journal.list(filter)).map(({ runId }) => runId);
      bench.same('all', await ids(), ['c', 'b', 'a']);
      bench.same('by name', await ids({ name: 'crew' }), ['c', 'a']);
      bench.same('by status', await ids({ status: 'running' }), ['c', 'b']);
      bench.same('by id', await ids({ runId: 'b' }), ['b']);
      bench.same('by name and status', await ids({ name: 'crew', status: 'failed' }), ['a']);
      bench.same('a limit', await ids({ limit: 2 }), ['c', 'b']);
    },
  ],
  [
    'Only what nobody holds is removed, and only what has ended is pruned',
    async (bench) => {
      const { journal } = bench;
      for (const id of ['a', 'b', 'c', 'd', 'e']) {
        await journal.create(runOf(id), [{ key: 'k:tool', value: 1 }]);
        if (id !== 'e') await journal.end(id, endOf(id === 'b' ? 'suspended' : 'succeeded'), 1);
      }
      bench.same('removed', await journal.remove(['a', 'e', 'x', 'a']), 1);
      bench.same('pruned of an hour ago', await journal.prune({ olderThanMs: 3_600_000 }), 0);
      bench.same('pruned but one', await journal.prune({ keep: 1 }), 1);
      bench.same(
        'left',
        (await journal.list()).map(({ runId }) => runId),
        ['e', 'd', 'b'],
      );
      bench.same('pruned', await journal.prune({}), 1);
      bench.same('a record of a removed run', (await journal.find('d', 'k:tool')) ?? null, null);
      await journal.create(runOf('a'), []);
      bench.same('records of an id that comes again', (await journal.read('a'))?.records, []);
    },
  ],
];
