/** Does executions on a worker: takes the run in the journal, runs its crew here, and sees it ended. */
import { resolve } from 'node:path';
import { readCrewFork } from '../../api/crew-fork.ts';
import { isRegattaError, messageOf, RegattaError } from '../../base/errors.ts';
import { MAX_TIMER_MS } from '../../base/problems.ts';
import type { Inputs } from '../../base/template.ts';
import { fingerprintOf } from '../../crew/fingerprint.ts';
import { type CrewSettings, createJob } from '../../crew/job.ts';
import type { PlannedCrew } from '../../crew/run-crew.ts';
import { isAnswered, type RunOrder, runIdOf } from '../../engines/dbos/order.ts';
import { createEntry } from '../../observe/entry.ts';
import type { RunEnding } from '../../ports/journal.ts';
import type { Entry, Scope } from '../../ports/scope.ts';
import type { RunEvent } from '../../protocol/event.ts';
import { newRecording } from '../../run/journals.ts';
import type { RecordingSetup } from '../../run/recording.ts';
import { claimRun } from '../../run/resume.ts';
import type { Run } from '../../run/run.ts';
import type { RuntimeCore } from '../../run/runtime.ts';
import { ALL, type Budgets } from '../../stores/postgres-budgets.ts';
import type { Fleet } from '../../stores/postgres-fleet.ts';
import type { PostgresJournal } from '../../stores/postgres-journal.ts';
import type { Rates } from '../../stores/postgres-rates.ts';
import type { Crews } from './crews.ts';
import { keyOf, toldBy } from './event-key.ts';
import { checkGuards } from './guards.ts';

export interface PerformerOptions {
  readonly core: RuntimeCore;
  readonly journal: PostgresJournal;
  readonly fleet: Fleet;
  readonly crews: Crews;
  readonly budgets: Budgets;
  readonly rates: Rates;
  /** Puts an execution back for another try, now or once the database is there again. */
  readonly putBack: (executionId: string) => Promise<void>;
}

/** An execution under way. */
interface Place {
  /** Once it has begun. */
  run: Run<unknown> | undefined;
  outcome: Promise<string>;
}

/** Between two tries to take a run that its last holder is about to let go of. */
const CLAIM_PAUSE_MS = 100;
/** Until then whoever holds a run has seen the answer that was given, and needs nobody else. */
const CLAIM_PATIENCE_MS = 5_000;

export class Performer {
  readonly #options: PerformerOptions;
  readonly #places = new Map<string, Place>();
  #turns: Promise<unknown> = Promise.resolve();
  #done = 0;
  #hasGivenUp = false;
  #isDraining = false;

  constructor(options: PerformerOptions) {
    this.#options = options;
  }

  /** Executions under way here. */
  get running(): readonly string[] {
    return [...this.#places.keys()];
  }

  /** Executions that were done here. */
  get done(): number {
    return this.#done;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** From now on the worker says that it wants no more. */
  drain(): void {
    this.#isDraining = true;
  }

  cancel(executionId: string, reason: string): void {
    this.#places.get(executionId)?.run?.cancel(reason);
  }

  /**
   * Lets go of all runs, so that they go on elsewhere: what they still write here is refused. DBOS must
   * be closed, or it would take what is left of them for their end.
   */
  async giveUp(): Promise<void> {
    this.#hasGivenUp = true;
    await this.#options.journal.release(this.running.map(runIdOf));
    const runs = Array.from(this.#places.values(), ({ run }) => run);
    for (const run of runs) run?.cancel('its worker is closed');
    await Promise.allSettled(runs.map((run) => run?.result));
  }

  /**
   * How the execution went, in a word. Never rejects: whatever happens is in the journal or in the list
   * of dead letters, or tried again. One that is given to this worker again while it is at it, since
   * somebody took it for dead, goes on: DBOS hears of its end twice, and of none before.
   */
  async perform(executionId: string, order: RunOrder): Promise<string> {
    const place = this.#places.get(executionId) ?? this.#begin(executionId, order);
    return await place.outcome;
  }

  #begin(executionId: string, order: RunOrder): Place {
    const place: Place = { run: undefined, outcome: Promise.resolve('') };
    this.#places.set(executionId, place);
    place.outcome = this.#attempt(executionId, order, place);
    return place;
  }

  async #attempt(executionId: string, order: RunOrder, place: Place): Promise<string> {
    try {
      return await this.#say(await this.#takeTurn(executionId, order, place));
    } catch (error) {
      if (isLost(error)) return await this.#say('lost');
      if (!isOutage(error) && (await this.#bury(executionId, error))) return 'dead letter';
      this.#leave(executionId, place); // before it may be given to this worker again
      await this.#options.putBack(executionId);
      return 'put back';
    } finally {
      this.#leave(executionId, place);
      this.#done++;
    }
  }

  /** DBOS is not to hear of what became of runs that were given up: they go on elsewhere. */
  async #say(outcome: string): Promise<string> {
    return this.#hasGivenUp ? await new Promise<never>(() => undefined) : outcome;
  }

  #leave(executionId: string, place: Place): void {
    if (this.#places.get(executionId) === place) this.#places.delete(executionId);
  }

  /**
   * Runs with which a worker was lost take turns, so that it shows which of them it is: one that is
   * innocent ends, and is not put aside with the one that is not.
   */
  async #takeTurn(executionId: string, order: RunOrder, place: Place): Promise<string> {
    const { fleet } = this.#options;
    const runId = runIdOf(executionId);
    if (!(await fleet.isSuspect(runId))) return await this.#perform(executionId, order, place);
    const turn = this.#turns.then(async () => {
      await fleet.beginSuspect(runId);
      const outcome = await this.#perform(executionId, order, place);
      await fleet.clearSuspect(runId);
      return outcome;
    });
    this.#turns = turn.catch(() => undefined); // its own execution hears of it
    return await turn;
  }

  async #perform(executionId: string, order: RunOrder, place: Place): Promise<string> {
    const { core, journal, budgets, rates } = this.#options;
    const runId = runIdOf(executionId);
    if (order?.form !== 1) throw unknownForm(executionId);
    const crew = await this.#options.crews.find(order.ref);
    const job = createJob(crew, order.inputs as Inputs, settingsOf(crew, order));
    checkGuards(order.guards, job);
    const recording = await this.#take(executionId, order, crew);
    if (recording === undefined) return 'nothing to do';
    journal.limit(
      runId,
      budgets,
      await budgets.known([ALL, ...(order.tenant === null ? [] : [order.tenant])]),
    );
    const last = Promise.withResolvers<void>();
    const tell = (event: RunEvent): void => {
      journal.tell(runId, recording.epoch, { key: keyOf(event), text: JSON.stringify(event) });
      if (event.type === 'run.end') last.resolve();
    };
    let ending: RunEnding | undefined;
    const takeEnd = (given: RunEnding): void => {
      ending = given;
    };
    const run = core.start(job, {
      recording: { ...recording, takeEnd },
      scopes: [scopeOf(crew, order), [tellEntry(tell)]],
      definition: crew,
      budget: order.budget ?? undefined,
      limiters: [rates.limiterOf(order.tenant)],
      stream: order.stream,
      onInput: 'suspend',
    });
    place.run = run;
    using _clock = cancelAt(order.deadlineAtMs, () => run.cancel('its deadline has passed'));
    try {
      const error = await run.result.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (isLost(error) || isOutage(error)) throw error;
      if (this.#hasGivenUp) return 'given up';
      // In one statement, so that whoever sees the end has, or gets, all that was told. A transform may keep the last event.
      await Promise.race([last.promise, run.flush()]);
      if (ending !== undefined) await journal.end(runId, ending, recording.epoch);
      await journal.unlimit(runId);
      return run.status;
    } finally {
      await run.flush();
    }
  }

  /** The run as it is to go on; undefined = it has ended, or goes on elsewhere. */
  async #take(executionId: string, order: RunOrder, crew: PlannedCrew): Promise<RecordingSetup | undefined> {
    const { core, journal, fleet, budgets } = this.#options;
    const runId = runIdOf(executionId);
    const fingerprint = fingerprintOf(crew, core.defaultLlm);
    const giveUpAt = performance.now() + CLAIM_PATIENCE_MS;
    while (true) {
      const [known] = await journal.list({ runId, limit: 1 });
      if (known === undefined) return await this.#begun(runId, order, crew);
      if (known.status !== 'running' && known.status !== 'suspended') {
        await budgets.release(runId); // whoever ended it may have been lost before it could
        return undefined;
      }
      try {
        // DBOS has given this execution to us alone: whoever held the run is gone, or will find itself fenced.
        const takeOver = !isAnswered(executionId);
        const claimed = await claimRun(journal, runId, { fingerprint, allowChanges: false, takeOver });
        return { ...claimed, isTold: toldBy(runId, await fleet.toldKeys(runId)) };
      } catch (error) {
        if (!isRegattaError(error, 'journal/held')) throw error;
        if (performance.now() >= giveUpAt) return undefined;
        await new Promise<void>((resolve) => setTimeout(resolve, CLAIM_PAUSE_MS));
      }
    }
  }

  /** A new run, with what it has of another one. */
  async #begun(runId: string, order: RunOrder, crew: PlannedCrew): Promise<RecordingSetup> {
    const { journal, core } = this.#options;
    const { defaultLlm } = core;
    const { ref, inputs, settings, fork } = order;
    const past = fork === null ? undefined : await readCrewFork(crew, journal, { ...fork, defaultLlm });
    const seed = Math.floor(Math.random() * 2 ** 32);
    const run = { runId, name: crew.name, ref, inputs, settings, seed, startedAtMs: Date.now() };
    return newRecording(journal, { ...run, fingerprint: fingerprintOf(crew, defaultLlm) }, past);
  }

  /** Gives whether it could be kept. */
  async #bury(executionId: string, error: unknown): Promise<boolean> {
    const code = isRegattaError(error) ? error.code : 'unknown';
    const runId = runIdOf(executionId);
    const buried = this.#options.fleet.bury({ executionId, runId, code, message: messageOf(error) });
    return await buried.then(
      () => true,
      () => false, // the database is away
    );
  }
}

/** Files go where this worker runs, unless whoever ordered the run said where. */
function settingsOf({ outputDirectory = '.' }: PlannedCrew, { settings }: RunOrder): CrewSettings {
  if (settings === null) return { files: {}, outputDirectory: resolve(outputDirectory) };
  return settings as unknown as CrewSettings; // a job made it
}

/** The crew's own; where its callbacks hear elsewhere, only what guards and changes stays. */
function scopeOf(crew: PlannedCrew, { isHeardElsewhere }: RunOrder): Scope {
  return isHeardElsewhere ? crew.scope.filter(({ kind }) => kind !== 'observer') : crew.scope;
}

/** Hears everything, behind what the crew changes for its observers; it only puts events into a list. */
function tellEntry(tell: (event: RunEvent) => void): Entry {
  return createEntry(tell, { name: 'regatta.events', key: tell, capacity: Number.MAX_SAFE_INTEGER });
}

function cancelAt(atMs: number | null, cancel: () => void): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    const leftMs = (atMs ?? 0) - Date.now();
    if (leftMs <= 0) cancel();
    else timer = setTimeout(wait, Math.min(leftMs, MAX_TIMER_MS));
  };
  if (atMs !== null) wait();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

/** Somebody else has the run, and does for it what there is to do. */
function isLost(error: unknown): boolean {
  return isRegattaError(error, 'journal/lost') || isRegattaError(error, 'journal/run-exists');
}

function isOutage(error: unknown): boolean {
  return isRegattaError(error, 'postgres/unreachable') || isRegattaError(error, 'journal/failed');
}

function unknownForm(executionId: string): RegattaError {
  return new RegattaError(
    'engine/not-portable',
    `Execution "${executionId}" was ordered in a form that this worker does not know. Use workers of the version that orders runs.`,
    { engine: 'dbos', field: 'order' },
  );
}
