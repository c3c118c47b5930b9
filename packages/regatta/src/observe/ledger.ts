/**
 * Tokens and money of a run: one immutable entry for each attempt, written before the call's promise
 * settles. Every total is a fold over the entries, so no counter can be shared, lost or read too early.
 */
import type { Attempt, Meter, Reservation, Settlement } from '../ports/meter.ts';
import type { LedgerEntry, UsageReport, UsageTotals } from '../protocol/usage.ts';

export class Ledger implements Meter {
  readonly #runId: string;
  readonly #entries: LedgerEntry[] = [];
  #open = 0;

  constructor(runId: string) {
    this.#runId = runId;
  }

  get entries(): readonly LedgerEntry[] {
    return this.#entries;
  }

  /** Attempts announced and not yet settled. 0 once a run has ended and its orphans have settled. */
  get open(): number {
    return this.#open;
  }

  report(): UsageReport {
    return report(this.#entries);
  }

  reserve({ callId, attempt, model, task, agent }: Attempt): Reservation {
    this.#open++;
    let isSettled = false;
    return {
      settle: (settlement: Settlement) => {
        if (isSettled) return;
        isSettled = true;
        this.#open--;
        const attemptId = `${callId}#${attempt}`;
        this.#entries.push(
          Object.freeze({ attemptId, callId, runId: this.#runId, task, agent, model, ...settlement }),
        );
      },
    };
  }
}

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
