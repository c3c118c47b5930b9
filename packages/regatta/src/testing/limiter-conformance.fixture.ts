/** The rules of the `Limiter` seam, for each of its implementations. */
import { isRegattaError } from '../base/errors.ts';
import { stableStringify, toJson } from '../base/json.ts';
import type { Limiter, RateLimits } from '../ports/limiter.ts';
import type { Attempt, Settle } from '../ports/meter.ts';
import { NO_USAGE } from '../protocol/usage.ts';

export interface LimiterBench {
  readonly limiter: Limiter;
  /** Lets time pass, and whoever may begin then begin. 0 = what is under way. */
  pass(ms: number): Promise<void>;
  /** What is left behind once nobody waits. */
  close(): Promise<void>;
}

type Rule = readonly [name: string, limits: RateLimits, check: (bench: Calls) => Promise<void>];

/** What is wrong with the limiters that `open` gives, one sentence each. Each rule gets a new one. */
export async function checkLimiter(
  open: (limits: RateLimits) => LimiterBench | Promise<LimiterBench>,
): Promise<readonly string[]> {
  const findings: string[] = [];
  for (const [name, limits, check] of RULES) {
    const bench = await open(limits);
    try {
      await check(new Calls(bench, (what) => findings.push(`${name}: ${what}.`)));
    } catch (error) {
      findings.push(`${name}: ${String(error)}`);
    }
    await bench.close();
  }
  return findings;
}

/** An attempt that may need so many tokens. */
export function asks(tokens: number): Pick<Attempt, 'model' | 'estimate'> {
  return { model: 'bench/model', estimate: () => ({ tokens, costNanoUsd: null }) };
}

/** What an attempt took. */
export function took(outputTokens: number): NonNullable<Parameters<Settle>[0]> {
  return { usage: { ...NO_USAGE, outputTokens }, costNanoUsd: null };
}

/** Calls that wait for one limiter. */
class Calls {
  readonly pass: (ms: number) => Promise<void>;
  readonly begun: string[] = [];
  readonly settles = new Map<string, Settle>();
  readonly #limiter: Limiter;
  readonly #report: (what: string) => void;

  constructor({ limiter, pass }: LimiterBench, report: (what: string) => void) {
    this.#limiter = limiter;
    this.pass = pass;
    this.#report = report;
  }

  /** Asks, and does not wait. */
  ask(name: string, tokens: number, signal = new AbortController().signal): Promise<string> {
    return this.#limiter.acquire(asks(tokens), signal).then(
      (settle) => {
        this.begun.push(name);
        this.settles.set(name, settle);
        return 'begun';
      },
      (error) => (isRegattaError(error) ? error.code : String(error.message)),
    );
  }

  settle(name: string, tokens: number | null): void {
    this.settles.get(name)?.(tokens === null ? null : took(tokens));
  }

  same(what: string, found: unknown, expected: unknown): void {
    const [one, other] = [stableStringify(toJson(found)), stableStringify(toJson(expected))];
    if (one !== other) this.#report(`${what} is ${one}, and should be ${other}`);
  }
}

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];

const RULES: readonly Rule[] = [
  [
    'As many requests begin at once as a minute has, in the order asked, and the next ones a minute later',
    { requestsPerMinute: 2 },
    async (calls) => {
      for (const name of NAMES) void calls.ask(name, 1_000);
      await calls.pass(0);
      calls.same('begun at once', calls.begun, ['a', 'b']);
      await calls.pass(30_000);
      calls.same('begun before the minute is over', calls.begun, ['a', 'b']);
      await calls.pass(31_000);
      calls.same('begun after it', calls.begun, ['a', 'b', 'c', 'd']);
      await calls.pass(61_000);
      calls.same('begun at last', calls.begun, NAMES);
    },
  ],
  [
    'Tokens count by what a call may need; nobody overtakes one that waits for more',
    { tokensPerMinute: 100 },
    async (calls) => {
      for (const [name, tokens] of Object.entries({ a: 60, b: 50, c: 10, d: 40 }))
        void calls.ask(name, tokens);
      await calls.pass(0);
      calls.same('begun at once', calls.begun, ['a']);
      await calls.pass(61_000);
      calls.same('begun a minute later', calls.begun, ['a', 'b', 'c', 'd']);
    },
  ],
  [
    'What a call took counts in place of what it might have needed',
    { tokensPerMinute: 100 },
    async (calls) => {
      for (const name of ['a', 'b', 'c']) void calls.ask(name, 50);
      await calls.pass(0);
      calls.same('begun at once', calls.begun, ['a', 'b']);
      calls.settle('a', 49);
      await calls.pass(0);
      calls.same('begun while there is 1 free', calls.begun, ['a', 'b']);
      calls.settle('b', 1);
      await calls.pass(0);
      calls.same('begun while there are 50 free', calls.begun, ['a', 'b', 'c']);
      calls.settle('c', 90);
      void calls.ask('d', 1);
      await calls.pass(0);
      calls.same('begun after one took more', calls.begun, ['a', 'b', 'c']);
      await calls.pass(61_000);
      calls.same('begun a minute later', calls.begun, ['a', 'b', 'c', 'd']);
    },
  ],
  [
    'A call that was not made does not count',
    { requestsPerMinute: 1, tokensPerMinute: 100 },
    async (calls) => {
      void calls.ask('a', 100);
      void calls.ask('b', 100);
      await calls.pass(0);
      calls.settle('a', null);
      await calls.pass(0);
      calls.same('begun', calls.begun, ['a', 'b']);
    },
  ],
  [
    'Who gives up while waiting takes nothing, and holds nobody up',
    { tokensPerMinute: 100 },
    async (calls) => {
      const leaver = new AbortController();
      void calls.ask('a', 60);
      const left = calls.ask('b', 60, leaver.signal);
      void calls.ask('c', 40);
      await calls.pass(0);
      calls.same('begun before', calls.begun, ['a']);
      leaver.abort(new Error('left'));
      calls.same('who left', await left, 'left');
      await calls.pass(0);
      calls.same('begun after', calls.begun, ['a', 'c']);
      calls.same('who comes aborted', await calls.ask('d', 0, leaver.signal), 'left');
      await calls.pass(61_000);
      void calls.ask('e', 100);
      await calls.pass(0);
      calls.same('begun a minute later', calls.begun, ['a', 'c', 'e']);
    },
  ],
  [
    'One that never fits is refused, and holds nobody up',
    { requestsPerMinute: 2, tokensPerMinute: 100 },
    async (calls) => {
      void calls.ask('a', 100);
      await calls.pass(0);
      const never = calls.ask('b', 101);
      const next = calls.ask('c', 1);
      calls.same('one that needs more than a minute has', await never, 'limit/too-small');
      calls.settle('a', 99);
      await calls.pass(0);
      calls.same('the one behind it', await next, 'begun');
    },
  ],
];
