// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code, and some of it has templates
/** Registration of callbacks: R01 to R09. */
import type { Section } from '../mutant.ts';

const RUNS = 'packages/regatta/src/run/concurrent-runs.test.ts';
const REGISTRATION = 'packages/regatta/src/observe/registration.test.ts';
const LANE = 'packages/regatta/src/observe/lane.test.ts';

export const registration: Section = {
  title: 'Registration of callbacks',
  races: {
    R01: 'check, then remove, on a shared list',
    R02: 'a callback evicts that of another crew',
    R03: 'making an object changes others',
    R04: 'one environment variable clears another',
    R05: 'callbacks come and go while an event is handed out',
    R06: 'callbacks grow with each instance',
    R07: 'the sync and the async twin are both called',
    R08: 'the end is chosen after an await',
    R09: 'callbacks that look alike are taken for one',
  },
  mutants: [
    {
      race: 'R01',
      title: 'registering writes back a list that was read before an await',
      file: 'observe/registry.ts',
      find: 'this.#scope = createScope([...this.#scope, ...entries]);',
      replace: `const before = this.#scope;
    const add = () => { this.#scope = createScope([...before, ...entries]); };
    add();
    queueMicrotask(add);`,
      test: REGISTRATION,
      name: 'in a registry',
    },
    {
      race: 'R01',
      title: 'disposing removes the entry at an index that may be -1',
      file: 'observe/registry.ts',
      find: 'const left = this.#scope.filter((entry) => !entries.includes(entry));',
      replace: 'const left = [...this.#scope];\n      left.splice(this.#scope.indexOf(entries[0]), 1);',
      test: REGISTRATION,
      name: 'in a registry',
    },
    {
      race: 'R02',
      title: 'all registries have one list, for the process',
      file: 'observe/registry.ts',
      find: '#scope: Scope = EMPTY_SCOPE;',
      replace: `static shared: Scope = EMPTY_SCOPE;
  get #scope(): Scope { return Registry.shared; }
  set #scope(scope: Scope) { Registry.shared = scope; }`,
      test: REGISTRATION,
      name: 'two registries share nothing (R02)',
    },
    {
      race: 'R02',
      title: 'callbacks of a class share the lane of the first one, whatever run they are of',
      file: 'observe/dispatcher.ts',
      find: 'readonly #listeners = new Map<ObserverEntry, Listener>();',
      replace: `static readonly byClass = new Map<unknown, Listener>();
  readonly #listeners = {
    get: ({ key }: ObserverEntry) => Dispatcher.byClass.get(key),
    set: ({ key }: ObserverEntry, listener: Listener) => Dispatcher.byClass.set(key, listener),
    values: () => Dispatcher.byClass.values(),
  };`,
      test: RUNS,
      name: '24 runs, whatever their order',
    },
    {
      race: 'R02',
      title: 'the origin: events go to a list for the process, where the newest of a class wins',
      file: 'observe/dispatcher.ts',
      find: 'const stages = this.#stagesOf(scope);',
      replace: `const list = ((globalThis as { zoo?: Map<unknown, ObserverEntry> }).zoo ??= new Map());
    const own = ((this as { zoo?: Set<unknown> }).zoo ??= new Set());
    for (const entry of scope) {
      if (entry.kind !== 'observer' || own.has(entry)) continue;
      own.add(entry);
      list.set(entry.key, entry);
    }
    const stages = Array.from(list.values(), (entry) => this.#listenerOf(entry));`,
      test: 'zoo/origin.test.ts',
      name: 'Regatta: nothing throws',
    },
    {
      race: 'R02',
      title: 'what a thread says of one run goes to all runs on it',
      file: 'engines/threads/thread.ts',
      find: 'this.#receivers.get(message.runId)?.receive(message);',
      replace: 'for (const receiver of this.#receivers.values()) receiver.receive(message);',
      test: 'packages/regatta/src/engines/threads/bridge.test.ts',
      name: 'runs that talk at once on many threads',
    },
    {
      race: 'R03',
      title: 'the constructor of an LLM registers its callbacks',
      file: 'api/llm.ts',
      find: 'this.scope = definition.scope;',
      replace: 'this.scope = definition.scope;\n    defaultCore().register(definition.scope);',
      test: 'packages/regatta/src/api/definitions.test.ts',
      name: 'making, copying and printing definitions in the middle of a run',
    },
    {
      race: 'R04',
      title: 'a variable that is set clears what those before it named',
      file: 'callbacks/env.ts',
      find: 'for (const [variable, outcomes] of ENV_VARIABLES) {',
      replace:
        'for (const [variable, outcomes] of ENV_VARIABLES) {\n    if (env[variable] !== undefined) found.clear();',
      test: 'packages/regatta/src/callbacks/env.test.ts',
      name: 'the four variables add up, in order, and names are trimmed',
    },
    {
      race: 'R05',
      title: 'registering changes the published list in place',
      file: 'observe/registry.ts',
      find: 'this.#scope = createScope([...this.#scope, ...entries]);',
      replace: `const list = (Object.isFrozen(this.#scope) ? [...this.#scope] : this.#scope) as Entry[];
    list.push(...entries);
    this.#scope = list;`,
      test: 'packages/regatta/src/observe/scope.test.ts',
      name: 'a published scope never changes',
    },
    {
      race: 'R06',
      title: 'every registration is kept, also of the same class',
      file: 'observe/scope.ts',
      find: 'byKey.set(entry.key, entry);',
      replace: 'byKey.set(entry, entry);',
      test: REGISTRATION,
      name: 'registering the same class again and again keeps one (R06)',
    },
    {
      race: 'R06',
      title: 'the runtime keeps the callbacks of finished runs',
      file: 'run/runtime.ts',
      find: 'scope: scopes.reduce(extendScope, this.#registry.scope),',
      replace: 'scope: (this.#registry.add(scopes.flat()), this.#registry.scope),',
      test: RUNS,
      name: '1,000 runs with callbacks of their own leave none behind',
    },
    {
      race: 'R07',
      title: 'both twins of a method are called',
      file: 'callbacks/litellm/callback.ts',
      find: 'return methodOf(object, [`async${camel}`',
      replace: `const bothOf = (names: readonly string[]) => {
    const methods = names.flatMap((name) => methodOf(object, [name]) ?? []);
    if (methods.length === 0) return undefined;
    return (...args: readonly unknown[]) => Promise.all(methods.map((method) => method(...args)));
  };
  return bothOf([\`async\${camel}\``,
      test: 'packages/regatta/src/callbacks/litellm/adapt.test.ts',
      name: 'and a call ends for a logger exactly once',
    },
    {
      race: 'R08',
      title: 'whoever cancels ends the run as well, and the work ends it again',
      file: 'run/run.ts',
      find: 'const message = `Run "${this.id}" was cancelled',
      replace: `void this.#emit({
      span: { id: this.id, parentId: null, task: null, agent: null, scope: [] },
      body: { type: 'run.end', status: 'cancelled', output: null, error: null, usage: this.usage },
    });
    const message = \`Run "\${this.id}" was cancelled`,
      test: 'packages/regatta/src/run/one-end.test.ts',
      name: 'whoever finishes first, a call and its run have one end',
    },
    {
      race: 'R08',
      title: 'an attempt counts as settled one microtask after it was settled',
      file: 'observe/ledger.ts',
      find: 'isSettled = true;',
      replace: 'queueMicrotask(() => { isSettled = true; });',
      test: 'packages/regatta/src/observe/ledger.test.ts',
      name: 'an attempt has one entry, however often it is settled',
    },
    {
      race: 'R08',
      title: 'an answer settles again what its timeout has settled',
      file: 'observe/lane.ts',
      find: 'if (isSettled) return;',
      replace: '',
      test: LANE,
      name: 'a handling that never settles fails at its timeout',
    },
    {
      race: 'R09',
      title: 'a callback is known by the name of its class and by its fields',
      file: 'api/callback.ts',
      find: 'key: given.key ?? (isInstance ? type : given),',
      replace: 'key: given.key ?? `${isInstance ? type.name : ""} ${JSON.stringify(given)}`,',
      test: 'packages/regatta/src/api/definitions.test.ts',
      name: 'callbacks that look alike are not the same',
    },
  ],
  exemptions: [],
};
