/** A journal that lasts as long as its process. */
import { RegattaError } from '../base/errors.ts';
import { type Json, toJson } from '../base/json.ts';
import type {
  Journal,
  JournaledRun,
  JournaledSteps,
  PrunePolicy,
  RunEnding,
  RunFilter,
  RunRecord,
  StepRecord,
  Written,
} from '../ports/journal.ts';

const LIMIT = 100;

/** By run. Whoever holds a run is alive, since it is in this process: `takeOver` stands for a crash. */
export function memoryJournal(): Journal {
  const runs = new MemoryRuns();
  return Object.freeze<Journal>({
    create: (run, records) => runs.create(run, records),
    claim: (runId, options) => runs.claim(runId, options),
    read: (runId) => runs.read(runId),
    find: (runId, key) => runs.find(runId, key),
    write: (runId, record, epoch) => runs.write(runId, record, epoch),
    end: (runId, ending, epoch) => runs.end(runId, ending, epoch),
    list: (filter) => runs.list(filter),
    remove: (runIds) => runs.remove(runIds),
    prune: (policy) => runs.prune(policy),
    close: async () => undefined,
  });
}

interface Kept {
  run: JournaledRun;
  /** In the order in which they were written. */
  readonly records: Map<string, Json>;
}

class MemoryRuns {
  readonly #runs = new Map<string, Kept>();

  async create(run: RunRecord, records: readonly StepRecord[]): Promise<void> {
    const { runId } = run;
    if (this.#runs.has(runId)) {
      const message = `The journal has a run "${runId}" already. Resume it, or start one with another id.`;
      throw new RegattaError('journal/run-exists', message, { runId });
    }
    const own = toJson(run) as unknown as RunRecord; // a copy of plain data
    this.#runs.set(runId, {
      run: { ...own, status: 'running', epoch: 1, heldBy: HOLDER, updatedAtMs: Date.now(), ending: null },
      records: new Map(records.map(({ key, value }) => [key, toJson(value)])),
    });
  }

  async claim(runId: string, { takeOver }: { readonly takeOver: boolean }): Promise<JournaledSteps> {
    const kept = this.#get(runId);
    const { heldBy, epoch } = kept.run;
    if (heldBy !== null && !takeOver) {
      throw new RegattaError(
        'journal/held',
        `Run "${runId}" is held by ${heldBy}. Wait for its end, or take it over.`,
        { runId, heldBy, untilMs: null },
      );
    }
    kept.run = { ...kept.run, status: 'running', epoch: epoch + 1, heldBy: HOLDER, ending: null };
    return show(kept);
  }

  async read(runId: string): Promise<JournaledSteps | undefined> {
    const kept = this.#runs.get(runId);
    return kept && show(kept);
  }

  async find(runId: string, key: string): Promise<StepRecord | undefined> {
    const value = this.#runs.get(runId)?.records.get(key);
    return value === undefined ? undefined : { key, value };
  }

  async write(runId: string, { key, value }: StepRecord, epoch: number | null): Promise<Written> {
    const kept = this.#hold(runId, epoch);
    const earlier = kept.records.get(key);
    if (earlier !== undefined) return { isFirst: false, value: earlier };
    const own = toJson(value);
    kept.records.set(key, own);
    kept.run = { ...kept.run, updatedAtMs: Date.now() };
    return { isFirst: true, value: own };
  }

  async end(runId: string, ending: RunEnding, epoch: number): Promise<void> {
    const kept = this.#hold(runId, epoch);
    const own = toJson(ending) as unknown as RunEnding; // a copy of plain data
    kept.run = { ...kept.run, status: own.status, ending: own, heldBy: null, updatedAtMs: Date.now() };
  }

  async list({ limit = LIMIT, ...wanted }: RunFilter = {}): Promise<readonly JournaledRun[]> {
    const runs = Array.from(this.#runs.values(), ({ run }) => run).reverse();
    const fits = (run: JournaledRun): boolean =>
      (['runId', 'name', 'status'] as const).every((field) => (wanted[field] ?? run[field]) === run[field]);
    return runs.filter(fits).slice(0, limit);
  }

  async remove(runIds: readonly string[]): Promise<number> {
    const free = [...new Set(runIds)].filter((id) => this.#runs.get(id)?.run.heldBy === null);
    for (const id of free) this.#runs.delete(id);
    return free.length;
  }

  async prune({ olderThanMs = 0, keep = 0 }: PrunePolicy): Promise<number> {
    const until = Date.now() - olderThanMs;
    const ended = Array.from(this.#runs.values(), ({ run }) => run)
      .filter(({ status }) => status !== 'running' && status !== 'suspended')
      .reverse();
    const old = ended.slice(keep).filter(({ updatedAtMs }) => updatedAtMs <= until);
    return await this.remove(old.map(({ runId }) => runId));
  }

  #get(runId: string): Kept {
    const kept = this.#runs.get(runId);
    if (kept !== undefined) return kept;
    const message = `The journal has no run "${runId}". Correct the id, or look at the list of its runs.`;
    throw new RegattaError('journal/unknown-run', message, { runId });
  }

  #hold(runId: string, epoch: number | null): Kept {
    const kept = this.#get(runId);
    if (epoch === null || kept.run.epoch === epoch) return kept;
    const message = `Run "${runId}" was taken over by somebody else, so epoch ${epoch} writes nothing more. Leave it to its new holder.`;
    throw new RegattaError('journal/lost', message, { runId, epoch });
  }
}

const HOLDER = 'this process';

function show({ run, records }: Kept): JournaledSteps {
  return { run, records: Array.from(records, ([key, value]) => ({ key, value })) };
}
