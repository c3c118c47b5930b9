/** Ambient context: R21 to R31. */
import type { Section } from '../mutant.ts';

const AMBIENT = 'packages/regatta/src/run/ambient.test.ts';
const CURRENT = 'packages/regatta/src/run/current.test.ts';
const RUNS = 'packages/regatta/src/run/concurrent-runs.test.ts';

export const context: Section = {
  title: 'Ambient context',
  races: {
    R21: "a shared queue calls in another run's context",
    R22: 'context is lost across pools, ports and sockets',
    R23: '`enterWith` leaks into the caller',
    R24: 'the ambient object is changed by who is inside',
    R25: 'two copies of the package have two contexts',
    R26: 'one storage for each run',
    R27: "a generator's body has its reader's context",
    R28: 'what a callback starts is heard by that callback',
    R29: 'spans go to a global provider',
    R30: 'a failure is kept on a shared instance',
    R31: 'the current run is a variable of the module',
  },
  mutants: [
    {
      race: 'R21',
      title: 'a lane calls its observer in whatever context it drains',
      file: 'observe/lane.ts',
      find: 'this.#options.enter(this.#turn)',
      replace: 'this.#turn()',
      test: CURRENT,
      name: 'als: a callback sees the run of its event',
    },
    {
      race: 'R22',
      title: 'a context looks up in the ambient one which run it is of',
      file: 'run/context.ts',
      find: 'get runId(): string {\n    return this.#core.runId;',
      replace: `get runId(): string {
    const key = Symbol.for('regatta.current-run.v1');
    return Reflect.get(globalThis, key)?.getStore()?.id ?? 'unknown';`,
      test: AMBIENT,
      name: 'what a tool is told of its run comes as an argument',
    },
    {
      race: 'R22',
      title: 'a tool on a thread is called in the context of the port that its run came by',
      file: 'hosts/remote-context.ts',
      find: 'return enterRun({ id: this.#core.runId, spanId: this.span.id }, call);',
      replace: 'return call();',
      test: 'packages/regatta/src/engines/threads/conformance.test.ts',
      name: 'als: tools see the run they are in',
    },
    {
      race: 'R23',
      title: 'a run is entered by `enterWith`',
      file: 'run/current.ts',
      find: 'return storage().run(Object.freeze(run), call);',
      replace: 'storage().enterWith(Object.freeze(run));\n  return call();',
      test: AMBIENT,
      name: 'als: entering a run does not leak into the caller (R23)',
    },
    {
      race: 'R24',
      title: 'a run inside a run writes itself into the ambient object',
      file: 'run/current.ts',
      find: 'return storage().run(Object.freeze(run), call);',
      replace: `const store = storage().getStore();
  if (store === undefined) return storage().run({ ...run }, call);
  Object.assign(store, run);
  return call();`,
      test: AMBIENT,
      name: 'als: runs inside a run leave it as it was',
    },
    {
      race: 'R24',
      title: 'the ambient object can be changed by who reads it',
      file: 'run/current.ts',
      find: 'storage().run(Object.freeze(run), call)',
      replace: 'storage().run(run, call)',
      test: AMBIENT,
      name: 'als: runs inside a run leave it as it was',
    },
    {
      race: 'R25',
      title: 'the storage is known to its own copy of the package alone',
      file: 'run/current.ts',
      find: "const KEY = Symbol.for('regatta.current-run.v1');",
      replace: "const KEY = Symbol('regatta.current-run.v1');",
      test: AMBIENT,
      name: 'als: copies of the package in one process see the same run (R25)',
    },
    {
      race: 'R25',
      title: "an error is ours only if our own copy's class made it",
      file: 'base/errors.ts',
      find: "error.name === 'RegattaError' &&",
      replace: 'error instanceof RegattaError &&',
      test: 'packages/regatta/src/api/reload.test.ts',
      name: 'an error of one copy is known by another (R25)',
    },
    {
      race: 'R26',
      title: 'each look at the current run makes a storage',
      file: 'run/current.ts',
      find: 'holder[KEY] ??= new AsyncLocalStorage<CurrentRun>();',
      replace: 'holder[KEY] = new AsyncLocalStorage<CurrentRun>();',
      test: AMBIENT,
      name: 'als: one store serves the process',
    },
    {
      race: 'R27',
      title: 'a tool is called in the context of whoever drives the run',
      file: 'tool/execute.ts',
      find: 'await context.enter(work)',
      replace: 'await work()',
      test: AMBIENT,
      name: 'als: a tool sees its own run although another one started, and drives, it (R27)',
    },
    {
      race: 'R28',
      title: "a run's callbacks hear whatever starts while it is under way",
      file: 'run/runtime.ts',
      find: 'scope: scopes.reduce(extendScope, this.#registry.scope),',
      replace: 'scope: (this.#registry.add(scopes.flat()), this.#registry.scope),',
      test: RUNS,
      name: 'a callback that starts a crew hears its own run, and not that crew (R28)',
    },
    {
      race: 'R30',
      title: 'a provider that failed to open once has failed for good',
      file: 'model/resolve.ts',
      find: 'if (opening === current) opening = undefined;',
      replace: '',
      test: 'packages/regatta/src/model/opening.test.ts',
      name: 'a provider that failed to open is opened anew by the next call',
    },
    {
      race: 'R31',
      title: 'the current run is a variable, cleared by whoever ends first',
      file: 'run/current.ts',
      find: 'holder[KEY] ??= new AsyncLocalStorage<CurrentRun>();',
      replace: `const current: { run?: CurrentRun | undefined } = ((holder as { zoo?: object }).zoo ??= {});
  return {
    getStore: () => current.run,
    run: (run: CurrentRun, call: () => unknown) => {
      current.run = run;
      const clear = () => { current.run = undefined; };
      const result = call();
      if (result instanceof Promise) result.finally(clear).catch(() => undefined);
      else clear();
      return result;
    },
  } as never;`,
      test: CURRENT,
      name: 'als: a tool sees its own run, across its awaits',
    },
  ],
  exemptions: [
    {
      race: 'R29',
      why: 'Traces are written by an OTLP encoder of our own into the sink that was given; the package has no OpenTelemetry API, and so no provider to set',
      forbids: /@opentelemetry\/|setGlobal\w+Provider/,
    },
  ],
};
