import { expect, test } from 'vitest';
import type { CrewOutput, Journal, RunEvent, StepRecord } from '../index.ts';
import { checkTrace, memoryJournal } from '../testing/index.ts';
import { settle } from '../testing/marked.fixture.ts';
import { checkLives, type HarbourOptions, harbour, type Life } from './harbour.fixture.ts';

const inputs = { port: 'Brest' };

/** The journal as a process has it that dies at its n-th write: before it is made, or before it hears of it. */
function dying(journal: Journal, at: number, phase: 'before' | 'after') {
  const died = Promise.withResolvers<void>();
  const never = new Promise<never>(() => undefined);
  let writes = 0;
  let isDead = false;
  const die = (): Promise<never> => {
    isDead = true;
    died.resolve();
    return never;
  };
  const guarded: Journal = {
    ...journal,
    write: async (...args) => {
      if (isDead || (++writes === at && phase === 'before')) return await die();
      const written = journal.write(...args);
      if (writes !== at) return await written;
      await written;
      return await die();
    },
    end: async (...args) => (isDead ? await never : await journal.end(...args)),
  };
  return { journal: guarded, died: died.promise, isDead: () => isDead, writes: () => writes };
}

interface Lived {
  readonly output: CrewOutput;
  readonly findings: readonly string[];
  readonly writes: number;
}

/** Runs the harbour in as many lives as `deaths` ends, and one more; gives what is wrong with all of them. */
async function live(
  deaths: readonly (readonly [at: number, phase: 'before' | 'after'])[],
  { through = (journal) => journal, ...options }: LiveOptions = {},
): Promise<Lived> {
  const journal = memoryJournal();
  const lives: Life[] = [];
  const events: RunEvent[] = [];
  let runId = '';
  for (let life = 0; ; life++) {
    const [at, phase] = deaths[life] ?? [Number.POSITIVE_INFINITY, 'before'];
    const mortal = dying(journal, at, phase);
    const uses: { place: string; what: 'model' | 'tool' }[] = [];
    const log: HarbourOptions['log'] = (spanId, what) => {
      if (!mortal.isDead()) uses.push({ place: spanId.slice(runId.length + 1), what });
    };
    const crew = harbour({ log, ...options });
    const given = {
      journal: through(mortal.journal),
      callbacks: [(event: RunEvent) => void (mortal.isDead() || events.push(event))],
    };
    const records = (await journal.read(runId))?.records ?? [];
    lives.push({ epoch: lives.length + 1, known: records.map(({ key }) => key), uses });
    const run =
      life === 0 ? crew.start({ ...given, inputs }) : await crew.resume(runId, { ...given, takeOver: true });
    runId = run.id;
    await Promise.race([run.result, mortal.died]);
    if (mortal.isDead()) continue;
    const output = await run.result;
    await run.flush();
    const ended = { ledger: run.ledger, records: (await journal.read(runId))?.records ?? [] };
    const findings = [...checkLives(lives, ended), ...checkTrace(events, { ledger: run.ledger })];
    return { output, findings, writes: mortal.writes() };
  }
}

interface LiveOptions extends Partial<HarbourOptions> {
  /** The journal that a life gets in place of its own. */
  readonly through?: (journal: Journal) => Journal;
}

const textsOf = ({ tasks }: CrewOutput) => tasks.map(({ text }) => text);
const TEXTS = [
  'survey: saw pier, saw buoy, Tool "look" failed: fog at the mole, advice of survey.agent.turn-1.tool-3.advice',
  'report: booked four',
];

test('a run that dies at any of its writes goes on, repeats nothing that is recorded, and bills once (R65)', async () => {
  const { writes, output, findings } = await live([]);
  expect([textsOf(output), findings]).toEqual([TEXTS, []]);
  expect(writes).toBeGreaterThan(20);
  for (let at = 1; at <= writes; at++) {
    for (const phase of ['before', 'after'] as const) {
      const lived = await live([[at, phase]]);
      expect([textsOf(lived.output), lived.findings], `dead ${phase} write ${at}`).toEqual([TEXTS, []]);
    }
  }
});

test('a run that dies again and again ends all the same', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const deaths = Array.from({ length: 8 }, (_, life) => {
      const draw = Math.abs(Math.imul(seed * 31 + life, 0x9e3779b1)) % 14;
      return [1 + draw, draw % 2 === 0 ? 'before' : 'after'] as const;
    });
    const lived = await live(deaths);
    expect([textsOf(lived.output), lived.findings], `deaths ${seed}`).toEqual([TEXTS, []]);
  }
});

/** Branches come to their ends in one order before the death, and in the other after it. */
test('parallel branches that end in another order when resumed get their own results', async () => {
  for (let at = 4; at <= 16; at++) {
    let isFirst = true;
    const lived = await live([[at, 'after']], {
      pace: async (spanId) => {
        const [, branch = '0'] = /tool-(\d)/.exec(spanId) ?? [];
        const turns = isFirst ? Number(branch) : 4 - Number(branch);
        for (let turn = 0; turn < turns; turn++) await settle();
      },
      through: (journal) => ({
        ...journal,
        claim: async (...args) => {
          isFirst = false;
          return await journal.claim(...args);
        },
      }),
    });
    expect([textsOf(lived.output), lived.findings], `dead after write ${at}`).toEqual([TEXTS, []]);
  }
});

test('naive journals are found out: results used before they are written, and keys by position', async () => {
  const soon = (journal: Journal): Journal => ({
    ...journal,
    write: async (runId, record, epoch) => {
      void (async () => {
        for (let turn = 0; turn < 3; turn++) await settle();
        await journal.write(runId, record, epoch);
      })();
      return { isFirst: true, value: record.value };
    },
  });
  const positional = (journal: Journal): Journal => {
    let position = 0;
    const names = new Map<string, string>();
    const rename = (key: string): string => {
      const [, place = '', kind = ''] = /^(.*):(\w+).*$/.exec(key) ?? [];
      if (kind !== 'tool' && kind !== 'model') return key;
      const name = names.get(key) ?? `${kind} ${position++}`;
      names.set(key, name);
      return place === '' ? key : name;
    };
    /** The order in which steps came to their end in the life before stands for where they are now. */
    const places = [
      'survey/agent/turn-1:model',
      'survey/agent/turn-1/tool-0:tool',
      'survey/agent/turn-1/tool-1:tool',
    ];
    return {
      ...journal,
      write: (runId, { key, value }, epoch) => journal.write(runId, { key: rename(key), value }, epoch),
      claim: async (...args) => {
        const { run, records } = await journal.claim(...args);
        const found = records.map(({ key, value }): StepRecord => {
          const [, at] = /^(?:model|tool) (\d+)$/.exec(key) ?? [];
          return { key: at === undefined ? key : (places[Number(at)] ?? key), value };
        });
        return { run, records: found };
      },
    };
  };
  const pace: HarbourOptions['pace'] = async (spanId) => {
    if (spanId.includes('tool-0')) for (let turn = 0; turn < 9; turn++) await settle();
  };
  const results = { soon: 0, positional: 0 };
  for (let at = 2; at <= 14; at++) {
    const late = await live([[at, 'before']], { through: soon, pace: settle });
    if (late.findings.length > 0) results.soon++;
    const mixed = await live([[at, 'after']], { through: positional, pace });
    if (mixed.findings.length > 0 || textsOf(mixed.output)[0] !== TEXTS[0]) results.positional++;
  }
  expect(results.soon).toBeGreaterThan(0);
  expect(results.positional).toBeGreaterThan(0);
});
