/**
 * The origin: crews that are launched together and set up their LLM callbacks at once. The same 24
 * crews, the same gates: over lists for the process, and over Regatta.
 */
import fc from 'fast-check';
import { Agent, type Callback, Crew, createRuntime, LLM, type RunEvent, Task } from 'regatta';
import { scriptedModel } from 'regatta/testing';
import { expect, test } from 'vitest';
import { GlobalList, type Listener, SplicedList, type Turn } from './global-list.fixture.ts';

/** Hears runs; each is given the marker of its own. */
class Tracer {
  readonly marker: string;
  readonly heard: RunEvent[] = [];
  foreign = 0;
  constructor(marker: string) {
    this.marker = marker;
  }
  onEvent(event: RunEvent): void {
    const markers = new Set(JSON.stringify(event).match(/MARK-\d+/g));
    if (markers.delete(this.marker)) this.heard.push(event);
    if (markers.size > 0) this.foreign++;
  }
}

/** Somebody else's callback, of another class: nobody asked for it to be removed. */
class Audit {
  count = 0;
  onEvent(): void {
    this.count++;
  }
}

interface System {
  /** Sets up a crew's callback, and says what the crew's LLM is made with. */
  register(tracer: Tracer, turn: Turn): Promise<readonly Callback[]>;
}

interface Damage {
  thrown: number;
  foreign: number;
  /** Events of a run that its own callback did not hear. */
  missed: number;
}

const CREWS = 24;

async function launch(system: System, scheduler: fc.Scheduler): Promise<Damage> {
  const turn = (): Promise<unknown> => scheduler.schedule(Promise.resolve());
  const damage: Damage = { thrown: 0, foreign: 0, missed: 0 };
  await using runtime = createRuntime();
  const one = async (index: number): Promise<void> => {
    const marker = `MARK-${index}`;
    const tracer = new Tracer(marker);
    try {
      await turn();
      const callbacks = await system.register(tracer, turn);
      const model = scriptedModel([() => turn().then(() => `done ${marker}`)]);
      const llm = new LLM({ model, callbacks });
      const agent = new Agent({ role: 'Sailor', goal: 'Sail', llm });
      const task = new Task({ description: 'Sail {marker}', expectedOutput: 'e', agent });
      await turn();
      const run = runtime.start(new Crew({ agents: [agent], tasks: [task] }), { inputs: { marker } });
      await run.result;
      await turn();
      await run.flush();
      damage.missed += Math.abs(2 - tracer.heard.length); // model.start and model.end
    } catch {
      damage.thrown++;
    }
    damage.foreign += tracer.foreign;
  };
  await scheduler.waitFor(Promise.all(Array.from({ length: CREWS }, (_, index) => one(index))));
  return damage;
}

/** The damage of 20 schedules together. */
async function damageOf(make: () => System): Promise<Damage> {
  const sum: Damage = { thrown: 0, foreign: 0, missed: 0 };
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const { thrown, foreign, missed } = await launch(make(), scheduler);
      sum.thrown += thrown;
      sum.foreign += foreign;
      sum.missed += missed;
    }),
    { numRuns: 20 },
  );
  return sum;
}

interface ListForTheProcess {
  set(callback: Listener, turn: Turn): Promise<void>;
  emit(event: RunEvent): void;
}

/** Every LLM reports to the list, and the list to whoever is in it. */
function over(list: ListForTheProcess): System {
  return {
    register: async (tracer, turn) => {
      await list.set(tracer, turn);
      return [(event: RunEvent) => list.emit(event)];
    },
  };
}

const regatta: System = { register: async (tracer) => [tracer] };

test('Regatta: nothing throws, no callback hears another run, each hears all of its own (D04)', async () => {
  expect(await damageOf(() => regatta)).toEqual({ thrown: 0, foreign: 0, missed: 0 });
});

test('one list for the process: crews die in list.remove, callbacks hear other runs and miss their own', async () => {
  const damage = await damageOf(() => over(new GlobalList({ hasLock: false })));
  expect(damage.thrown).toBeGreaterThan(0);
  expect(damage.foreign).toBeGreaterThan(0);
  expect(damage.missed).toBeGreaterThan(0);
});

test('the same list behind a lock: nothing throws any more, and the interference stays', async () => {
  const damage = await damageOf(() => over(new GlobalList({ hasLock: true })));
  expect(damage.thrown).toBe(0);
  expect(damage.foreign).toBeGreaterThan(0);
  expect(damage.missed).toBeGreaterThan(0);
});

test("the same list in JavaScript, where nothing throws: splice(-1, 1) removes somebody else's callback", async () => {
  let removed = 0;
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const list = new SplicedList();
      const audit = new Audit();
      await list.set(new Tracer('MARK-0'), async () => undefined);
      const turn = (): Promise<unknown> => scheduler.schedule(Promise.resolve());
      const tracers = [1, 2, 3].map((index) => new Tracer(`MARK-${index}`));
      const registering = tracers.map((tracer) => list.set(tracer, turn));
      const auditing = turn().then(() => list.set(audit, turn));
      await scheduler.waitFor(Promise.all([...registering, auditing]));
      if (!list.callbacks.includes(audit)) removed++;
    }),
    { numRuns: 20 },
  );
  expect(removed).toBeGreaterThan(0);
});
