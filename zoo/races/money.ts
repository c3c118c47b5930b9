// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code, and some of it has templates
/** Usage, cost and limits: R43 to R50. */
import type { Section } from '../mutant.ts';

const ATTEMPTS = 'packages/regatta/src/model/attempts.test.ts';
const RATES = 'packages/regatta/src/stores/postgres-rates.test.ts';
const RATE_LIMIT = 'packages/regatta/src/observe/rate-limit.test.ts';

export const money: Section = {
  title: 'Usage, cost and limits',
  races: {
    R43: 'usage is the difference of a shared counter',
    R44: 'a streamed answer is billed in part, or twice',
    R45: 'a cancelled call loses its usage and its end',
    R46: 'retries double callbacks, or hide costs',
    R47: 'usage is read before it is written',
    R48: 'a limit is checked, then counted',
    R49: 'a limiter lets bursts through, or blocks who waits',
    R50: 'calls at once pass a budget together',
  },
  mutants: [
    {
      race: 'R43',
      title: 'all runs write into one ledger',
      file: 'observe/ledger.ts',
      find: 'this.#entries = [...entries];',
      replace: 'this.#entries = ((Ledger as unknown as { all?: LedgerEntry[] }).all ??= []);',
      test: 'packages/regatta/src/run/concurrent-runs.test.ts',
      name: 'usage of runs that overlap is what each of them was billed (R43)',
    },
    {
      race: 'R44',
      title: 'the first piece of an answer bills it',
      file: 'model/metered.ts',
      find: "if (news.type === 'delta') call.received += news.text.length;",
      replace: `if (news.type === 'delta') {
          call.received += news.text.length;
          reservation.settle(cutShort('succeeded', call));
        }`,
      test: ATTEMPTS,
      name: 'however an answer is cut into pieces, it is billed once, by its end',
    },
    {
      race: 'R45',
      title: 'a call that was cancelled is not billed',
      file: 'model/metered.ts',
      find: 'reservation.settle(settlementOf(error, call));',
      replace: 'if (!context.signal.aborted) reservation.settle(settlementOf(error, call));',
      test: ATTEMPTS,
      name: 'a call that is cancelled at any piece is billed as far as it came, and has its end',
    },
    {
      race: 'R45',
      title: 'who cancels waits for a model that does not listen',
      file: 'model/timed.ts',
      find: 'const work = cancel.race(model.call(request, context.withSignal(cancel.signal), hear));',
      replace: 'const work = model.call(request, context.withSignal(cancel.signal), hear);',
      test: 'packages/regatta/src/run/cancel.test.ts',
      name: 'cancel frees a run that waits for',
    },
    {
      race: 'R45',
      title: 'who cancels waits for a thread that is held by a tool',
      file: 'engines/threads/remote-run.ts',
      find: '() => this.#fail(reason),',
      replace: '() => undefined,',
      test: 'packages/regatta/src/engines/threads/hold.test.ts',
      name: 'cancel frees the caller although the thread is held',
    },
    {
      race: 'R46',
      title: 'the ledger has one entry for a call, whatever its attempts cost',
      file: 'observe/ledger.ts',
      find: 'const attemptId = `${callId}#${this.#life}${attempt}`;',
      replace: `if (this.#entries.some((entry) => entry.callId === callId)) return;
        const attemptId = \`\${callId}#\${attempt}\`;`,
      test: ATTEMPTS,
      name: 'any tree of retries on one LLM',
    },
    {
      race: 'R46',
      title: 'callbacks hear the start of a call for each attempt',
      file: 'model/call-model.ts',
      find: "if (news.type === 'retry') attempts = news.attempt + 1;",
      replace: `if (news.type === 'retry') {
        attempts = news.attempt + 1;
        void context.tell({ type: 'model.start', model: model.id, messages, tools, parameters, stream });
      }`,
      test: ATTEMPTS,
      name: 'any tree of retries on one LLM',
    },
    {
      race: 'R47',
      title: 'an attempt is written when the event loop turns',
      file: 'observe/ledger.ts',
      find: 'this.#entries.push(',
      replace: 'setImmediate((entry: LedgerEntry) => this.#entries.push(entry), ',
      test: ATTEMPTS,
      name: 'the total of a run is right when its result is there',
    },
    {
      race: 'R48',
      title: 'a request is let through, and counted after an await',
      file: 'observe/rate-limit.ts',
      find: 'if (waitMs === 0) break;',
      replace: `if (waitMs === 0) {
          pass();
          for (let hop = 0; hop < 20; hop++) await undefined; // as long as a store takes
          break;
        }`,
      test: RATE_LIMIT,
      name: 'the limiter lets exactly the limit through',
    },
    {
      race: 'R49',
      title: 'a minute is one on the clock, so that two limits fit around its edge',
      file: 'observe/rate-limit.ts',
      find: 'this.#log.filter(({ at }) => at > now - WINDOW_MS)',
      replace: 'this.#log.filter(({ at }) => Math.floor(at / WINDOW_MS) === Math.floor(now / WINDOW_MS))',
      test: RATE_LIMIT,
      name: 'in no 60 seconds does more than the limit begin',
    },
    {
      race: 'R49',
      title: 'who gives up while waiting holds up whoever comes next',
      file: 'observe/rate-limit.ts',
      find: 'void before.then(pass);',
      replace: 'if (!signal.aborted) void before.then(pass);',
      test: RATE_LIMIT,
      name: 'who gives up while waiting takes no slot and holds nobody up',
    },
    {
      race: 'R49',
      title: 'who stands in line cannot leave before it is its turn',
      file: 'observe/rate-limit.ts',
      find: 'await untilAborted(before, signal);',
      replace: 'await before;',
      test: 'packages/regatta/src/run/cancel.test.ts',
      name: 'cancel frees a run that stands in line at a rate limit',
    },
    {
      race: 'R48',
      title: 'workers look at a minute without waiting for who is taking from it',
      file: 'stores/postgres-rate-text.ts',
      find: 'WHERE n = ANY ($1::bigint[]) ORDER BY n FOR UPDATE)',
      replace: 'WHERE n = ANY ($1::bigint[]) ORDER BY n)',
      test: RATES,
      name: 'of calls at once from several workers, exactly as many begin as a minute has',
    },
    {
      race: 'R49',
      title: 'small calls of other workers pass by a large one for ever',
      file: 'stores/postgres-rate-text.ts',
      find: ' OR w.since > r.first + ${patienceMs}',
      replace: '',
      test: RATES,
      name: 'a large call is not passed by for ever by small ones of other workers',
    },
    {
      race: 'R49',
      title: 'a worker that is gone stands in line for ever',
      file: 'stores/postgres-rate-text.ts',
      find: ' AND (value ->> 1)::float8 > ms)',
      replace: ')',
      test: RATES,
      name: 'a place in the line is void once its worker gives no sign of life',
    },
    {
      race: 'R49',
      title: 'what is given back is sent again where its connection broke, and may make room twice',
      file: 'stores/postgres-rates.ts',
      find: 'isOnce: true',
      replace: 'isOnce: false',
      test: RATES,
      name: 'what is given back is not sent twice',
    },
    {
      race: 'R50',
      title: 'a budget is checked against what was spent, not against what is under way',
      file: 'observe/budget.ts',
      find: 'const asked = { nanoUsd: estimate.costNanoUsd ?? 0, tokens: estimate.tokens, calls: 1 };',
      replace: 'const asked = { nanoUsd: 0, tokens: 0, calls: 0 };',
      test: 'packages/regatta/src/observe/budget.test.ts',
      name: 'of 100 calls at once as many are let through as the budget has room for (R50)',
    },
    {
      race: 'R50',
      title: 'workers look at a budget without waiting for who is taking from it',
      file: 'stores/postgres-budgets.ts',
      find: 'ORDER BY name FOR UPDATE)',
      replace: 'ORDER BY name)',
      test: 'packages/regatta/src/hosts/dbos/money.test.ts',
      name: 'of many reservations at once from several processes',
    },
  ],
  exemptions: [],
};
