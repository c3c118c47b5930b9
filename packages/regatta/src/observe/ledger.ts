/**
 * Tokens and money of a run: one immutable entry for each attempt, written before the call's promise
 * settles. Every total is a fold over the entries, so no counter can be shared, lost or read too early.
 */
import type { Attempt, Meter, Reservation, Settlement } from '../ports/meter.ts';
import type { LedgerEntry, UsageReport, UsageTotals } from '../protocol/usage.ts';
import type { Budget, Settle } from './budget.ts';
import type { RateLimiter } from './rate-limit.ts';

/** What bounds a run's spending: its own, its crew's and its runtime's. */
export interface Allowances {
  readonly budgets: readonly Budget[];
  readonly limiters: readonly RateLimiter[];
}

/** What a resumed run has of its earlier epochs. */
export interface LedgerPast {
  readonly epoch: number;
  /** Part of the totals, and booked to no budget again. */
  readonly entries: readonly LedgerEntry[];
}

export class Ledger implements Meter {
  readonly #runId: string;
  readonly #allowances: Allowances;
  readonly #entries: LedgerEntry[];
  /** Before the number of an attempt: a resumed run counts them anew. */
  readonly #life: string;
  #open = 0;
  /** Of the entries so far: they are only ever added to. */
  #report: UsageReport | undefined;

  constructor(
    runId: string,
    allowances: Allowances = { budgets: [], limiters: [] },
    { epoch, entries }: LedgerPast = { epoch: 1, entries: [] },
  ) {
    this.#runId = runId;
    this.#allowances = allowances;
    this.#life = epoch > 1 ? `${epoch}.` : '';
    this.#entries = [...entries];
  }

  get entries(): readonly LedgerEntry[] {
    return this.#entries;
  }

  /** Attempts announced and not yet settled. 0 once a run has ended and its orphans have settled. */
  get open(): number {
    return this.#open;
  }

  report(): UsageReport {
    const attempts = this.#entries.length;
    if (this.#report?.attempts !== attempts) this.#report = report(this.#entries);
    return this.#report;
  }

  reserve(attempt: Attempt, signal: AbortSignal): Reservation | Promise<Reservation> {
    return this.#allowances.limiters.length === 0
      ? this.#reserve(attempt)
      : this.#reserveInTurn(attempt, signal);
  }

  async #reserveInTurn(attempt: Attempt, signal: AbortSignal): Promise<Reservation> {
    const { tokens } = attempt.estimate();
    for (const limiter of this.#allowances.limiters) await limiter.acquire(tokens, signal);
    return this.#reserve(attempt);
  }

  #reserve(given: Attempt): Reservation {
    const { callId, attempt, model, task, agent } = given;
    const settleBudgets = this.#reserveBudgets(given);
    this.#open++;
    let isSettled = false;
    return {
      settle: (settlement: Settlement) => {
        if (isSettled) return;
        isSettled = true;
        this.#open--;
        const attemptId = `${callId}#${this.#life}${attempt}`;
        const runId = this.#runId;
        this.#entries.push(Object.freeze({ attemptId, callId, runId, task, agent, model, ...settlement }));
        for (const settle of settleBudgets) settle(settlement);
      },
    };
  }

  /** All or none. */
  #reserveBudgets({ model, estimate }: Attempt): readonly Settle[] {
    const { budgets } = this.#allowances;
    if (budgets.length === 0) return NO_BUDGETS;
    const asked = estimate();
    const reserved: Settle[] = [];
    try {
      for (const budget of budgets) reserved.push(budget.reserve(model, asked));
      return reserved;
    } catch (error) {
      for (const settle of reserved) settle(null);
      throw error;
    }
  }
}

const NO_BUDGETS: readonly Settle[] = [];

/** Totals of `entries`, and the same by task, agent and model. */
function report(entries: readonly LedgerEntry[]): UsageReport {
  return Object.freeze({
    ...total(entries),
    byTask: groupBy(entries, ({ task }) => task),
    byAgent: groupBy(entries, ({ agent }) => agent),
    byModel: groupBy(entries, ({ model }) => model),
  });
}

function groupBy(
  entries: readonly LedgerEntry[],
  keyOf: (entry: LedgerEntry) => string | null,
): Readonly<Record<string, UsageTotals>> {
  const groups = new Map<string, LedgerEntry[]>();
  for (const entry of entries) {
    const key = keyOf(entry);
    if (key === null) continue;
    const group = groups.get(key);
    if (group) group.push(entry);
    else groups.set(key, [entry]);
  }
  return Object.freeze(Object.fromEntries(Array.from(groups, ([key, group]) => [key, total(group)])));
}

function total(entries: readonly LedgerEntry[]): UsageTotals {
  const sum = (pick: (entry: LedgerEntry) => number | null): number =>
    entries.reduce((whole, entry) => whole + (pick(entry) ?? 0), 0);
  const inputTokens = sum(({ usage }) => usage.inputTokens);
  const outputTokens = sum(({ usage }) => usage.outputTokens);
  const isPriced = entries.every(({ costNanoUsd }) => costNanoUsd !== null);
  return Object.freeze({
    calls: new Set(entries.map(({ callId }) => callId)).size,
    attempts: entries.length,
    inputTokens,
    outputTokens,
    totalTokens: inputTokens + outputTokens,
    cachedInputTokens: sum(({ usage }) => usage.cachedInputTokens),
    cacheWriteTokens: sum(({ usage }) => usage.cacheWriteTokens),
    reasoningTokens: sum(({ usage }) => usage.reasoningTokens),
    costUsd: isPriced ? sum(({ costNanoUsd }) => costNanoUsd) / 1e9 : null,
    estimated: entries.filter(({ source }) => source === 'estimated').length,
  });
}
