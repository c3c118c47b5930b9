/**
 * Money under a journal: an attempt is recorded before it is made, and what it took after. What has
 * the one and not the other was under way when its process ended, and may have been billed.
 */
import { untilAborted } from '../base/abort.ts';
import { isJsonObject, type Json, toJson } from '../base/json.ts';
import type { StepRecord } from '../ports/journal.ts';
import type { Attempt, Meter, Reservation, Settlement } from '../ports/meter.ts';
import { type LedgerEntry, NO_USAGE, type UsageReport } from '../protocol/usage.ts';
import type { Recording } from './recording.ts';

/** Of an attempt that was never made. */
const NOT_MADE: Settlement = { status: 'aborted', usage: NO_USAGE, source: 'none', costNanoUsd: 0 };

type AttemptRecord = Pick<Attempt, 'model' | 'task' | 'agent'> & {
  readonly tokens: number;
  readonly costNanoUsd: number | null;
};

export class RecordedMeter implements Meter {
  readonly #ledger: Meter;
  readonly #recording: Recording;

  constructor(ledger: Meter, recording: Recording) {
    this.#ledger = ledger;
    this.#recording = recording;
  }

  async reserve(attempt: Attempt, signal: AbortSignal): Promise<Reservation> {
    const { callId, model, task, agent, estimate } = attempt;
    const recording = this.#recording;
    const place = `${recording.epoch}.${attempt.attempt}`; // a resumed run counts its attempts anew
    const reserved = await this.#ledger.reserve(attempt, signal);
    const reservation = {
      settle: (settlement: Settlement) => {
        reserved.settle(settlement);
        recording.note(callId, `entry-${place}`, toJson(settlement));
      },
    };
    const record: AttemptRecord = { model, task, agent, ...estimate() };
    try {
      await untilAborted(recording.record(callId, `attempt-${place}`, record), signal);
    } catch (error) {
      reservation.settle(NOT_MADE);
      throw error;
    }
    return reservation;
  }

  report(): UsageReport {
    return this.#ledger.report();
  }
}

/** The ledger of a run's earlier epochs. */
export interface EarlierUsage {
  readonly entries: readonly LedgerEntry[];
  /** Records that say of each lost attempt that it is lost. */
  readonly lost: readonly { readonly spanId: string; readonly kind: string; readonly value: Json }[];
}

const NOTHING: EarlierUsage = Object.freeze({ entries: [], lost: [] });

export function readUsage(runId: string, records: readonly StepRecord[]): EarlierUsage {
  if (records.length === 0) return NOTHING;
  const settlements = new Map<string, Settlement>();
  const entries: LedgerEntry[] = [];
  const lost: EarlierUsage['lost'][number][] = [];
  for (const { key, value } of records) {
    if (/:entry-[\d.]+$/.test(key)) settlements.set(key, value as unknown as Settlement); // `settle` wrote it
  }
  for (const { key, value } of records) {
    const [, place = '', name = ''] = /^(.*):attempt-([\d.]+)$/.exec(key) ?? [];
    if (name === '' || !isJsonObject(value)) continue;
    const { model, task, agent, tokens, costNanoUsd } = value as unknown as AttemptRecord; // `reserve` wrote it
    const callId = place === '' ? runId : `${runId}/${place}`;
    let settlement = settlements.get(`${place}:entry-${name}`);
    if (settlement === undefined) {
      settlement = lostSettlement(tokens, costNanoUsd);
      lost.push({ spanId: callId, kind: `entry-${name}`, value: toJson(settlement) });
    }
    const attemptId = `${callId}#${name.replace(/^1\./, '')}`;
    entries.push(Object.freeze({ attemptId, callId, runId, task, agent, model, ...settlement }));
  }
  return { entries, lost };
}

/** The estimate does not say which of its tokens are of the answer. */
function lostSettlement(tokens: number, costNanoUsd: number | null): Settlement {
  const usage = { ...NO_USAGE, inputTokens: tokens, outputTokens: 0 };
  return { status: 'lost', usage, source: 'estimated', costNanoUsd };
}
