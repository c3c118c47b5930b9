/**
 * Tokens and money of a run: one immutable entry for each attempt, written before the call's promise
 * settles. Every total is a fold over the entries, so no counter can be shared, lost or read too early.
 */
import type { Limiter } from '../ports/limiter.ts';
import type { Attempt, Meter, Reservation, Settle, Settlement } from '../ports/meter.ts';
import type { LedgerEntry, UsageReport, UsageTotals } from '../protocol/usage.ts';
import type { Budget } from './budget.ts';

/** What bounds a run's spending: its own, its crew's and its runtime's. */
export interface Allowances {
  readonly budgets: readonly Budget[];
  readonly limiters: readonly Limiter[];
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
      ? this.#reserve(attempt, NONE)
      : this.#reserveInTurn(attempt, signal);
  }

  async #reserveInTurn(attempt: Attempt, signal: AbortSignal): Promise<Reservation> {
    const taken: Settle[] = [];
    try {
      for (const limiter of this.#allowances.limiters) taken.push(await limiter.acquire(attempt, signal));
      return this.#reserve(attempt, taken);
    } catch (error) {
      for (const settle of taken) settle(null);
      throw error;
    }
  }

  #reserve(given: Attempt, limits: readonly Settle[]): Reservation {
    const { callId, attempt, model, task, agent } = given;
    const budgets = this.#reserveBudgets(given);
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
        for (const settle of limits) settle(settlement);
        for (const settle of budgets) settle(settlement);
      },
    };
  }

  /** All or none. */
  #reserveBudgets({ model, estimate }: Attempt): readonly Settle[] {
    const { budgets } = this.#allowances;
    if (budgets.length === 0) return NONE;
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

const NONE: readonly Settle[] = [];

/** Totals of `entries`, and the same by task, agent and model: in one pass. */
function report(entries: readonly LedgerEntry[]): UsageReport {
  const all = new Sum();
  const byTask = new Map<string, Sum>();
  const byAgent = new Map<string, Sum>();
  const byModel = new Map<string, Sum>();
  /** By call: the models that were asked. A call is of one task and one agent. */
  const asked = new Map<string, readonly string[]>();
  for (const entry of entries) {
    const { task, agent, model, callId } = entry;
    const before = asked.get(callId) ?? NOBODY;
    const isNew = before.length === 0;
    const isNewToModel = !before.includes(model);
    if (isNewToModel) asked.set(callId, [...before, model]);
    all.add(entry, isNew);
    if (task !== null) sumOf(byTask, task).add(entry, isNew);
    if (agent !== null) sumOf(byAgent, agent).add(entry, isNew);
    sumOf(byModel, model).add(entry, isNewToModel);
  }
  return Object.freeze({
    ...all.totals(),
    byTask: totalsOf(byTask),
    byAgent: totalsOf(byAgent),
    byModel: totalsOf(byModel),
  });
}

const NOBODY: readonly string[] = [];

function sumOf(sums: Map<string, Sum>, key: string): Sum {
  let sum = sums.get(key);
  if (sum === undefined) {
    sum = new Sum();
    sums.set(key, sum);
  }
  return sum;
}

function totalsOf(sums: ReadonlyMap<string, Sum>): Readonly<Record<string, UsageTotals>> {
  return Object.freeze(Object.fromEntries(Array.from(sums, ([key, sum]) => [key, sum.totals()])));
}

class Sum {
  #calls = 0;
  #attempts = 0;
  #inputTokens = 0;
  #outputTokens = 0;
  #cachedInputTokens = 0;
  #cacheWriteTokens = 0;
  #reasoningTokens = 0;
  #costNanoUsd: number | null = 0;
  #estimated = 0;

  add({ usage, costNanoUsd, source }: LedgerEntry, isNewCall: boolean): void {
    if (isNewCall) this.#calls++;
    this.#attempts++;
    this.#inputTokens += usage.inputTokens ?? 0;
    this.#outputTokens += usage.outputTokens ?? 0;
    this.#cachedInputTokens += usage.cachedInputTokens ?? 0;
    this.#cacheWriteTokens += usage.cacheWriteTokens ?? 0;
    this.#reasoningTokens += usage.reasoningTokens ?? 0;
    if (this.#costNanoUsd !== null) {
      this.#costNanoUsd = costNanoUsd === null ? null : this.#costNanoUsd + costNanoUsd;
    }
    if (source === 'estimated') this.#estimated++;
  }

  totals(): UsageTotals {
    return Object.freeze({
      calls: this.#calls,
      attempts: this.#attempts,
      inputTokens: this.#inputTokens,
      outputTokens: this.#outputTokens,
      totalTokens: this.#inputTokens + this.#outputTokens,
      cachedInputTokens: this.#cachedInputTokens,
      cacheWriteTokens: this.#cacheWriteTokens,
      reasoningTokens: this.#reasoningTokens,
      costUsd: this.#costNanoUsd === null ? null : this.#costNanoUsd / 1e9,
      estimated: this.#estimated,
    });
  }
}
