/**
 * A run's part of its journal: what was recorded is known from the start, and what comes is written.
 *
 * Nothing is read while the run works. A write that fails ends the run: going on would be work that
 * nobody can repeat or account for.
 */
import { type Json, toJson } from '../base/json.ts';
import type { Journal, RunEnding, RunRecord, StepRecord } from '../ports/journal.ts';
import type { EventDraft } from '../ports/span.ts';
import type { EventBody } from '../protocol/event.ts';

/** What a run is recorded as, and with what it begins. */
export interface RecordingSetup {
  readonly journal: Journal;
  readonly record: RunRecord;
  readonly epoch: number;
  /** Of earlier epochs, or of the run that it was forked from. */
  readonly records: readonly StepRecord[];
  /** Whether an event was kept for good by an earlier epoch; absent = its records say it, as those of the parent do. */
  readonly isTold?: (spanId: string, body: EventBody) => boolean;
  /** Takes the end, for whoever writes it with what the run tells last; absent = it is written at once. */
  readonly takeEnd?: (ending: RunEnding) => void;
}

/** A span's records by which it is known to have been told of: its events are not told again. */
const TELLING = ['model', 'tool', 'input', 'end'] as const;

export class Recording {
  readonly #setup: RecordingSetup;
  readonly #onFailure: (error: unknown) => void;
  readonly #records: Map<string, Json>;
  /** Places whose events an earlier epoch has told, or the parent. */
  readonly #told = new Set<string>();
  /** Spans that were found to be told of. */
  readonly #quiet = new Set<string>();

  constructor(setup: RecordingSetup, onFailure: (error: unknown) => void) {
    this.#setup = setup;
    this.#onFailure = onFailure;
    this.#records = new Map(setup.records.map(({ key, value }) => [key, value]));
    const kept = setup.record.parent?.kept ?? 0;
    for (const { key } of setup.isTold === undefined ? setup.records : setup.records.slice(0, kept)) {
      const at = key.lastIndexOf(':');
      if (TELLING.some((kind) => kind === key.slice(at + 1))) this.#told.add(key.slice(0, at));
    }
  }

  get epoch(): number {
    return this.#setup.epoch;
  }

  /** The run's record must be there before anything is done. */
  async begin(): Promise<void> {
    const { journal, record, epoch, records } = this.#setup;
    if (epoch === 1) await this.#guarded(journal.create(record, records));
  }

  /** What is recorded of a span; undefined = nothing. */
  recorded(spanId: string, kind: string): Json | undefined {
    return this.#records.get(this.#keyOf(spanId, kind));
  }

  /** Records `value`, and gives what the record says, once it is there for good. */
  async record(spanId: string, kind: string, value: Json): Promise<Json> {
    const key = this.#keyOf(spanId, kind);
    const { journal, record, epoch } = this.#setup;
    const written = await this.#guarded(journal.write(record.runId, { key, value }, epoch));
    const kept = toJson(written.value);
    this.#records.set(key, kept);
    return kept;
  }

  /** As `record`, for what nobody waits for. What is recorded after it is never there without it. */
  note(spanId: string, kind: string, value: Json): void {
    this.record(spanId, kind, value).catch(() => undefined); // the failure has ended the run
  }

  /** Of a span that somebody else may have recorded meanwhile, such as the answer of a person. */
  async find(spanId: string, kind: string): Promise<Json | undefined> {
    const { journal, record } = this.#setup;
    return (await this.#guarded(journal.find(record.runId, this.#keyOf(spanId, kind))))?.value;
  }

  /** An answer from whoever gives it, while the run goes on. Gives whether it is the first. */
  async answer(spanId: string, kind: string, value: Json): Promise<boolean> {
    const { journal, record } = this.#setup;
    const written = await journal.write(record.runId, { key: this.#keyOf(spanId, kind), value }, null);
    return written.isFirst;
  }

  /** Whether an earlier epoch has told what happens in this span, or in one around it. */
  isTold({ span: { id, parentId }, body }: EventDraft): boolean {
    if (this.#setup.isTold?.(id, body)) return true;
    if (this.#told.size === 0) return false;
    // By the parent, not by the path: a turn's tools stand in the path of its call, and not in its span.
    const isTold = this.#told.has(this.#placeOf(id)) || (parentId !== null && this.#quiet.has(parentId));
    if (isTold) this.#quiet.add(id);
    return isTold;
  }

  /** Remembers that a span has ended well, where no result of its own says so. */
  noteEnd(spanId: string): void {
    if (TELLING.every((kind) => this.recorded(spanId, kind) === undefined)) this.note(spanId, 'end', 1);
  }

  async end(ending: RunEnding): Promise<void> {
    const { journal, record, epoch, takeEnd } = this.#setup;
    if (takeEnd !== undefined) takeEnd(ending);
    else await this.#guarded(journal.end(record.runId, ending, epoch));
  }

  #keyOf(spanId: string, kind: string): string {
    return `${this.#placeOf(spanId)}:${kind}`;
  }

  #placeOf(spanId: string): string {
    return spanId.slice(this.#setup.record.runId.length + 1);
  }

  async #guarded<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.#onFailure(error);
      throw error;
    }
  }
}
