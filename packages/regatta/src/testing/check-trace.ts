/**
 * Checks the events of runs against the rules that every run keeps, whatever happens in it.
 *
 * It reads events, ledger and audit, and knows nothing of what wrote them: totals are summed anew.
 */
import type { ReadableEvent, RunEnd, RunEvent } from '../protocol/event.ts';
import type { LedgerEntry } from '../protocol/usage.ts';
import { checkLedger } from './check-ledger.ts';

/** What `run.audit()` says, as far as it is checked. */
export interface AuditCounts {
  readonly emitted: number;
  readonly balance: number;
  readonly openAttempts: number;
}

/** What is checked beside the events. What is absent is not checked. */
export interface TraceEvidence {
  /** `run.ledger`, once the run has ended; of several runs, one after the other. */
  readonly ledger?: readonly LedgerEntry[];
  /** `run.audit()`, or what `run.flush()` gave. */
  readonly audit?: AuditCounts;
}

/**
 * What is wrong with the whole trace of one or more runs that have ended, one sentence each; empty if
 * nothing is. Events of several runs may be mixed; those of one run are in order.
 *
 * - Ids are unique, and `seq` grows by one from 0 within a run.
 * - `run.start` is the first event of a run, and `run.end` the last.
 * - Each start has one end of the same span and noun, after it. A skipped task has an end alone.
 * - A span opens inside its parent, and ends before it.
 * - Pieces of answers and retries lie inside their call, and carry the attempt that is under way.
 * - The ledger bills each attempt once, for a call of the trace, and adds up to the usage of `run.end`.
 * - The audit balances, and no attempt is open.
 * - A run that was resumed has one such trace in each epoch; those before the last may break off, and
 *   what they have told is not told again. Calls of epochs that broke off, or were not given, may be
 *   in the ledger alone.
 *
 * Give it all events: those of `run.events()`, or of a callback that hears every event of the run.
 *
 * @example
 * const run = crew.start({ inputs });
 * await run.result;
 * const events = await Array.fromAsync(run.events());
 * expect(checkTrace(events, { ledger: run.ledger, audit: await run.flush() })).toEqual([]);
 */
export function checkTrace(
  events: readonly ReadableEvent[],
  { ledger, audit }: TraceEvidence = {},
): readonly string[] {
  if (events.length === 0) return ['The trace has no events.'];
  const findings: string[] = [];
  const ids = new Set<string>();
  const runs = new Map<string, RunTrace>();
  for (const event of events) {
    if (event.type === 'events.gap') {
      findings.push(`Events ${event.fromSeq} to ${event.toSeq} are missing: a buffer had no room for them.`);
      continue;
    }
    const { id, runId, epoch = 1 } = event;
    // A resumed run tells again what an earlier epoch began and did not end.
    const own = `${epoch} ${id}`;
    if (ids.has(own)) findings.push(`${at(event)} has the id of an earlier event, ${id}.`);
    ids.add(own);
    const known = runs.get(runId);
    const run = known?.epoch === epoch ? known : new RunTrace(runId, epoch, known);
    if (run !== known && known !== undefined) findings.push(...known.leave(epoch));
    runs.set(runId, run);
    run.add(event);
  }
  for (const run of runs.values()) findings.push(...run.finish());
  if (ledger !== undefined) findings.push(...checkLedger(ledger, runs));
  if (audit !== undefined) findings.push(...checkAudit(audit, runs));
  return findings;
}

/** Spans of a run that are known: open while they have a noun. */
interface SpanState {
  readonly nouns: Set<string>;
  /** Starts inside it that have not ended. */
  readonly children: Map<string, RunEvent>;
}

class RunTrace {
  readonly #runId: string;
  readonly #findings: string[] = [];
  readonly #spans = new Map<string, SpanState>();
  readonly #open = new Map<string, RunEvent>();
  readonly #ended = new Set<string>();
  /** By model call: the attempt under way. */
  readonly #attempts = new Map<string, number>();
  /** Of earlier epochs. */
  readonly #earlier: RunTrace | undefined;
  readonly epoch: number;
  #nextSeq = 0;
  #count = 0;
  #end: RunEnd | undefined;

  constructor(runId: string, epoch: number, earlier: RunTrace | undefined) {
    this.#runId = runId;
    this.epoch = epoch;
    this.#earlier = earlier;
  }

  get count(): number {
    return this.#count;
  }

  get end(): RunEnd | undefined {
    return this.#end;
  }

  hasCall(spanId: string): boolean {
    if (this.#attempts.has(spanId)) return true;
    if (this.epoch === 1) return false;
    const earlier = this.#earlier;
    if (earlier === undefined || earlier.epoch !== this.epoch - 1 || earlier.end === undefined) return true;
    return earlier.hasCall(spanId);
  }

  /** The next epoch has begun: what is wrong with this one, which may have broken off. */
  leave(next: number): readonly string[] {
    const findings = this.#end === undefined ? this.#findings : this.finish();
    if (next > this.epoch) return findings;
    return [...findings, `Run ${this.#runId} goes from epoch ${this.epoch} back to ${next}.`];
  }

  add(event: RunEvent): void {
    if (event.seq !== this.#nextSeq) this.#report(event, `should have seq ${this.#nextSeq}`);
    this.#nextSeq = event.seq + 1;
    if (this.#count === 0 && event.type !== 'run.start') this.#report(event, 'comes before run.start');
    if (this.#end !== undefined) this.#report(event, 'comes after run.end');
    this.#count++;
    const noun = nounOf(event);
    if (event.type.endsWith('.start')) this.#startSpan(event, noun);
    else if (event.type.endsWith('.end')) this.#endSpan(event, noun);
    else if (!this.#isWithin(event, noun)) this.#report(event, `lies outside of its ${noun}`);
    this.#followAttempts(event);
    if (event.type === 'run.end') this.#end = event;
  }

  finish(): readonly string[] {
    if (this.#end === undefined) this.#findings.push(`Run ${this.#runId} has no run.end.`);
    for (const event of this.#open.values()) {
      if (event.type !== 'run.start') this.#report(event, 'has no end');
    }
    return this.#findings;
  }

  /** What has no span of its own lies in that of whoever asked: an agent, a guardrail, a call without either. */
  #isWithin({ spanId }: RunEvent, noun: string): boolean {
    if (noun === ASKER) return (this.#spans.get(spanId)?.nouns.size ?? 0) > 0;
    return this.#open.has(`${spanId} ${noun}`);
  }

  #startSpan(event: RunEvent, noun: string): void {
    const { spanId } = event;
    const key = `${spanId} ${noun}`;
    if (this.#open.has(key) || this.#ended.has(key)) this.#report(event, 'starts a second time');
    if (noun !== 'run') this.#parentOf(event)?.children.set(key, event);
    this.#open.set(key, event);
    const span = this.#spans.get(spanId) ?? { nouns: new Set(), children: new Map() };
    span.nouns.add(noun);
    this.#spans.set(spanId, span);
  }

  #endSpan(event: RunEvent, noun: string): void {
    const { spanId, parentId } = event;
    const key = `${spanId} ${noun}`;
    const start = this.#open.get(key);
    if (this.#ended.has(key)) this.#report(event, 'ends a second time');
    else if (start === undefined && isSkip(event)) this.#parentOf(event);
    else if (start === undefined) this.#report(event, 'has no start');
    this.#ended.add(key);
    if (start === undefined) return;
    this.#open.delete(key);
    if (start.parentId !== parentId) this.#report(event, `has another parent than its start, ${parentId}`);
    if (start.parentId !== null) this.#spans.get(start.parentId)?.children.delete(key);
    const span = this.#spans.get(spanId);
    span?.nouns.delete(noun);
    if (span === undefined || span.nouns.size > 0) return;
    for (const child of span.children.values()) this.#report(event, `ends before its child, ${at(child)}`);
  }

  #parentOf(event: RunEvent): SpanState | undefined {
    const { parentId } = event;
    const parent = parentId === null ? undefined : this.#spans.get(parentId);
    if (parent === undefined) this.#report(event, `has a parent that never started, ${parentId}`);
    else if (parent.nouns.size === 0) this.#report(event, `opens after its parent has ended, ${parentId}`);
    return parent;
  }

  #followAttempts(event: RunEvent): void {
    const { spanId } = event;
    const current = this.#attempts.get(spanId) ?? 1;
    if (event.type === 'model.start' || event.type === 'embed.start') this.#attempts.set(spanId, 1);
    if (event.type === 'model.delta' || event.type === 'model.retry') {
      if (event.attempt !== current)
        this.#report(event, `is of attempt ${event.attempt}, and ${current} is under way`);
    }
    if (event.type === 'model.retry') this.#attempts.set(spanId, event.attempt + 1);
    if (event.type === 'model.end' && event.attempts !== current)
      this.#report(event, `counts ${event.attempts} attempts, and there were ${current}`);
  }

  #report(event: RunEvent, what: string): void {
    this.#findings.push(`${at(event)} ${what}.`);
  }
}

function checkAudit(
  { emitted, balance, openAttempts }: AuditCounts,
  runs: ReadonlyMap<string, RunTrace>,
): readonly string[] {
  const findings: string[] = [];
  const [run] = runs.values();
  if (runs.size === 1 && run !== undefined && run.count !== emitted)
    findings.push(`The trace has ${run.count} events, and the audit counts ${emitted}.`);
  if (balance !== 0) findings.push(`The audit has balance ${balance}: events are unaccounted for.`);
  if (openAttempts !== 0) findings.push(`The audit has ${openAttempts} attempts that are not settled.`);
  return findings;
}

/** A task that could not begin is an end without a start. */
function isSkip(event: RunEvent): boolean {
  return event.type === 'task.end' && event.status === 'skipped';
}

/** For events that belong to whatever span they are in. */
const ASKER = 'span';

/** The noun of the span that an event belongs to. */
function nounOf({ type }: RunEvent): string {
  return type === 'output.rejected' || type === 'context.trim' ? ASKER : type.slice(0, type.indexOf('.'));
}

function at({ type, spanId, seq }: RunEvent): string {
  return `${type} of ${spanId} (seq ${seq})`;
}
