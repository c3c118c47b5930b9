/** Checks that a ledger bills what happened, once, and that the totals of the runs are its sums. */
import type { RunEnd } from '../protocol/event.ts';
import type { LedgerEntry, UsageTotals } from '../protocol/usage.ts';

/** A run as its events show it. */
export interface BilledRun {
  /** Undefined while it has not ended. */
  readonly end: RunEnd | undefined;
  /** Whether a model was called in this span. */
  hasCall(spanId: string): boolean;
}

/** What is wrong, one sentence each. `runs` by id. */
export function checkLedger(
  ledger: readonly LedgerEntry[],
  runs: ReadonlyMap<string, BilledRun>,
): readonly string[] {
  const findings: string[] = [];
  const seen = new Set<string>();
  for (const { attemptId, callId, runId } of ledger) {
    if (seen.has(attemptId)) findings.push(`The ledger bills attempt ${attemptId} a second time.`);
    seen.add(attemptId);
    if (!runs.get(runId)?.hasCall(callId))
      findings.push(`The ledger bills call ${callId}, which is not in the trace.`);
  }
  for (const [runId, { end }] of runs) {
    if (end === undefined) continue;
    const entries = ledger.filter((entry) => entry.runId === runId);
    findings.push(...checkTotals(end, entries).map((finding) => `run.end of ${runId} has ${finding}`));
  }
  return findings;
}

function checkTotals({ usage }: RunEnd, entries: readonly LedgerEntry[]): readonly string[] {
  const findings = [...compare('usage', usage, entries)];
  const groupings = [
    ['byTask', ({ task }: LedgerEntry) => task],
    ['byAgent', ({ agent }: LedgerEntry) => agent],
    ['byModel', ({ model }: LedgerEntry) => model],
  ] as const;
  for (const [name, keyOf] of groupings) {
    for (const key of new Set([...Object.keys(usage[name]), ...entries.map(keyOf)])) {
      if (key === null) continue; // of no task or agent: in the sum of all alone
      const group = entries.filter((entry) => keyOf(entry) === key);
      findings.push(...compare(`usage.${name}["${key}"]`, usage[name][key], group));
    }
  }
  return findings;
}

function compare(
  name: string,
  told: UsageTotals | undefined,
  entries: readonly LedgerEntry[],
): readonly string[] {
  return Object.entries(sum(entries)).flatMap(([field, value]) => {
    const said = told?.[field as keyof UsageTotals]; // a key of what `sum` gives
    return said === value ? [] : [`${name}.${field} ${said}, and the ledger adds up to ${value}.`];
  });
}

/** Written apart from the ledger's own fold, so that a mistake there is seen. */
function sum(entries: readonly LedgerEntry[]): UsageTotals {
  const tokens = { input: 0, output: 0, cachedInput: 0, cacheWrite: 0, reasoning: 0 };
  let nanoUsd: number | null = 0;
  for (const { usage, costNanoUsd } of entries) {
    tokens.input += usage.inputTokens ?? 0;
    tokens.output += usage.outputTokens ?? 0;
    tokens.cachedInput += usage.cachedInputTokens ?? 0;
    tokens.cacheWrite += usage.cacheWriteTokens ?? 0;
    tokens.reasoning += usage.reasoningTokens ?? 0;
    nanoUsd = nanoUsd === null || costNanoUsd === null ? null : nanoUsd + costNanoUsd;
  }
  return {
    calls: new Set(entries.map(({ callId }) => callId)).size,
    attempts: entries.length,
    inputTokens: tokens.input,
    outputTokens: tokens.output,
    totalTokens: tokens.input + tokens.output,
    cachedInputTokens: tokens.cachedInput,
    cacheWriteTokens: tokens.cacheWrite,
    reasoningTokens: tokens.reasoning,
    costUsd: nanoUsd === null ? null : nanoUsd / 1e9,
    estimated: entries.filter(({ source }) => source === 'estimated').length,
  };
}
