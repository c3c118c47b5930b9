// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code, and some of it has templates
/** Delivery of events: R10 to R20. */
import type { Section } from '../mutant.ts';

const RUNS = 'packages/regatta/src/run/concurrent-runs.test.ts';
const LANE = 'packages/regatta/src/observe/lane.test.ts';
const FLUSH = 'packages/regatta/src/observe/flush.test.ts';
const LISTENERS = 'packages/regatta/src/run/listeners.test.ts';

export const delivery: Section = {
  title: 'Delivery of events',
  races: {
    R10: 'callbacks share a payload that they can change',
    R11: 'what a callback throws reaches the run or its siblings',
    R12: 'a rejection that nobody catches ends the process',
    R13: 'a slow callback holds up its run',
    R14: 'a slow callback holds up other runs',
    R15: 'a flush ends before what it covers',
    R16: 'two flushes send the same twice',
    R17: 'a scope is a global that is saved and restored',
    R18: 'a flag is saved and restored around an await',
    R19: 'listeners pile up on a shared signal',
    R20: 'who comes late misses the first events',
  },
  mutants: [
    {
      race: 'R10',
      title: 'events are not frozen',
      file: 'observe/stamp.ts',
      find: 'return deepFreeze(this.#epoch',
      replace: 'return (this.#epoch',
      test: 'packages/regatta/src/api/frozen-events.test.ts',
      name: 'a callback that writes into what it hears changes nothing for anybody',
    },
    {
      race: 'R10',
      title: 'what a transform gives is frozen at its surface',
      file: 'observe/dispatcher.ts',
      find: 'seen = deepFreeze(toEvent(',
      replace: 'seen = Object.freeze(toEvent(',
      test: 'packages/regatta/src/api/frozen-events.test.ts',
      name: 'what a transform gives is frozen for all who share it',
    },
    {
      race: 'R11',
      title: 'what a callback throws is thrown on',
      file: 'observe/lane.ts',
      find: 'this.#fail(error, event);\n        continue;',
      replace: 'throw error;',
      test: LANE,
      name: 'an observer that throws or rejects fails alone',
    },
    {
      race: 'R11',
      title: 'what the listener for failures throws is thrown on',
      file: 'observe/dispatcher.ts',
      find: 'this.#tell(error, event, stage.name);',
      replace: 'this.#options.onError(error, event, stage.name);',
      test: 'packages/regatta/src/run/misbehaving-callbacks.test.ts',
      name: 'any set of callbacks that misbehave, and a listener for failures that does too',
    },
    {
      race: 'R12',
      title: 'what is done at the end of a run is not prepared for its failure',
      file: 'run/runtime.ts',
      find: 'run.result.then(forget, forget);',
      replace: 'run.result.then(forget);',
      test: 'packages/regatta/src/api/exit.test.ts',
      name: 'a run that fails and callbacks that reject, awaited by nobody, end no process (R12)',
    },
    {
      race: 'R12',
      title: 'nobody takes over what a callback rejects',
      file: 'observe/lane.ts',
      find: '(error) => settle(() => this.#fail(error, event)),',
      replace: 'undefined,',
      test: 'packages/regatta/src/api/exit.test.ts',
      name: 'a run that fails and callbacks that reject, awaited by nobody, end no process (R12)',
    },
    {
      race: 'R13',
      title: 'the run waits until each event is handled',
      file: 'observe/dispatcher.ts',
      find: 'const room = stage.lane.room();',
      replace: 'const room = stage.lane.settle();',
      test: RUNS,
      name: 'the result of a run comes although none of its callbacks has heard anything (R13)',
    },
    {
      race: 'R14',
      title: 'all runs hand their events to a callback through one lane',
      file: 'observe/dispatcher.ts',
      find: 'readonly #listeners = new Map<ObserverEntry, Listener>();',
      replace: `static readonly lanes = new Map<ObserverEntry, Listener>();
  readonly #listeners = Dispatcher.lanes;`,
      test: RUNS,
      name: 'a callback of the runtime that hangs in one run holds up no other run, nor its flush (R14)',
    },
    {
      race: 'R15',
      title: 'a flush ends when the events were handed over',
      file: 'observe/lane.ts',
      find: 'return new Promise((resolve) => this.#wait(() => this.#settled >= offered, resolve));',
      replace: 'return new Promise((resolve) => setImmediate(resolve));',
      test: FLUSH,
      name: 'a lane waits for the answers',
    },
    {
      race: 'R16',
      title: 'a flush starts handing over by itself',
      file: 'observe/lane.ts',
      find: 'if (this.#settled >= offered) return undefined;',
      replace: 'if (this.#settled >= offered) return undefined;\n    queueMicrotask(this.#drain);',
      test: FLUSH,
      name: 'pushes, flushes and answers at every microtask boundary',
    },
    {
      race: 'R17',
      title: 'the callbacks of a call are added to a global before it, and taken away after it',
      file: 'agent/asking.ts',
      find: "return callModel(model, request, how === 'whole' ? call.withoutDeltas() : call);",
      replace: `const holder = globalThis as { zoo?: Scope };
    const saved = holder.zoo;
    holder.zoo = [...(saved ?? []), ...modelScope];
    const inner = context.child(key, { scope: holder.zoo });
    return callModel(model, request, inner).finally(() => {
      holder.zoo = saved;
    });`,
      test: 'zoo/origin.test.ts',
      name: 'Regatta: nothing throws',
    },
    {
      race: 'R18',
      title: 'whether answers are streamed is what the run that started last wants',
      file: 'run/run.ts',
      find: 'wantsDeltas: options.stream,',
      replace: `...(Object.assign(Run, { streams: options.stream }), {}),
      get wantsDeltas() { return (Run as unknown as { readonly streams: boolean }).streams; },`,
      test: RUNS,
      name: 'of two runs of one crew at once, one streams and the other does not (R18)',
    },
    {
      race: 'R19',
      title: "a run leaves its listener on the caller's signal",
      file: 'run/run.ts',
      find: "outer?.removeEventListener('abort', follow);",
      replace: '',
      test: LISTENERS,
      name: '1,000 runs on one signal',
    },
    {
      race: 'R19',
      title: 'work that is done leaves its listener on the signal it was raced against',
      file: 'base/abort.ts',
      find: "delete: (stop: () => void) => signal.removeEventListener('abort', stop),",
      replace: 'delete: () => undefined,',
      test: LISTENERS,
      name: 'however many calls a run makes',
    },
    {
      race: 'R19',
      title: "a call leaves its listener on the run's signal",
      file: 'base/abort.ts',
      find: "this.#parent.removeEventListener('abort', this.#follow);",
      replace: '',
      test: LISTENERS,
      name: 'however many calls a run makes',
    },
    {
      race: 'R20',
      title: 'reading begins where the reader comes',
      file: 'run/buffer.ts',
      find: 'let seq = 0;',
      replace: 'let seq = this.#nextSeq;',
      test: 'packages/regatta/src/run/buffer.test.ts',
      name: 'whenever a reader comes',
    },
  ],
  exemptions: [],
};
