/** Agents, tools, models and memory that runs share: R32 to R42. */
import type { Section } from '../mutant.ts';

const SHARED = 'packages/regatta/src/api/shared-definitions.test.ts';
const DEFINITIONS = 'packages/regatta/src/api/definitions.test.ts';
const RUNS = 'packages/regatta/src/run/concurrent-runs.test.ts';
const CACHED = 'packages/regatta/src/model/cached.test.ts';
const OPENING = 'packages/regatta/src/model/opening.test.ts';

export const sharing: Section = {
  title: 'Agents, tools, models and memory that runs share',
  races: {
    R32: 'an agent in two crews at once',
    R33: 'inputs are filled into the templates themselves',
    R34: 'stop words, flags and parameters pile up on a shared LLM',
    R35: "a user's data is written on a shared object",
    R36: 'one memory of conversations for all',
    R37: 'parent and child share a context object',
    R38: 'finished runs are kept',
    R39: 'a name serves as a key',
    R40: 'tools change the process',
    R41: "a cache gives one tenant another one's result",
    R42: 'equal misses at once do the work many times',
  },
  mutants: [
    {
      race: 'R32',
      title: "an agent keeps its conversation, with all its runs' messages",
      file: 'agent/loop.ts',
      find: 'const messages = [...given];',
      replace: `const kept = ((globalThis as { zoo?: WeakMap<object, Message[]> }).zoo ??= new WeakMap());
  const messages = kept.get(agent.tools) ?? [...given];
  kept.set(agent.tools, messages);`,
      test: SHARED,
      name: 'crews that share agents, tasks, tools and an LLM say, in any interleaving',
    },
    {
      race: 'R33',
      title: 'a template that was filled in stays filled in',
      file: 'crew/plan.ts',
      find: 'const fill = (text: string): string => interpolate(text, inputs);',
      replace: `const filled = ((globalThis as { zoo?: Map<string, string> }).zoo ??= new Map());
  const fill = (text: string): string => {
    if (!filled.has(text)) filled.set(text, interpolate(text, inputs));
    return filled.get(text) as string;
  };`,
      test: SHARED,
      name: 'one crew with two inputs at once fills each prompt with its own (R33)',
    },
    {
      race: 'R33',
      title: "tasks read the caller's object, which the next run's inputs are written into",
      file: 'crew/job.ts',
      find: 'inputs: own, settings }, context),',
      replace: 'inputs, settings }, context),',
      test: SHARED,
      name: 'the inputs of a run are those it was started with',
    },
    {
      race: 'R34',
      title: 'an LLM counts its attempts, for all calls together',
      file: 'model/retry.ts',
      find: 'return wrapModel(model, (request, context, tell) => {\n    const progress = new Progress(request.attempt);',
      replace: `const progress = new Progress(1);
  return wrapModel(model, (request, context, tell) => {
    progress.attempt = request.attempt;`,
      test: 'packages/regatta/src/model/attempts.test.ts',
      name: 'any tree of retries on one LLM',
    },
    {
      race: 'R34',
      title: "an LLM's settings are the caller's own lists",
      file: 'model/llm.ts',
      find: 'deepFreeze(structuredClone(withoutUndefined(data)))',
      replace: '(withoutUndefined(data))',
      test: DEFINITIONS,
      name: 'what a definition was made from may change afterwards',
    },
    {
      race: 'R35',
      title: "the first run's user context stays on the runtime",
      file: 'run/context.ts',
      find: 'get context(): unknown {\n    return this.#core.context;',
      replace: `get context(): unknown {
    const shared = this.#core.facts as { zoo?: unknown };
    return (shared.zoo ??= this.#core.context);`,
      test: RUNS,
      name: 'what a run was given as context is seen by its own tools alone',
    },
    {
      race: 'R37',
      title: "a child's user context is written into what its parent has",
      file: 'run/context.ts',
      find: 'return new Context({ ...this.#core, context }, this.span, this.signal);',
      replace: 'Object.assign(this.#core, { context });\n    return this;',
      test: 'packages/regatta/src/run/ambient.test.ts',
      name: 'a context is never changed: each child is a new one (R37)',
    },
    {
      race: 'R38',
      title: 'the runtime keeps finished runs',
      file: 'run/runtime.ts',
      find: 'this.#active.delete(run);',
      replace: 'undefined;',
      test: RUNS,
      name: '1,000 runs with callbacks of their own leave none behind',
    },
    {
      race: 'R38',
      title: "the caller's signal holds the runs that it was given to",
      file: 'run/run.ts',
      find: "outer?.removeEventListener('abort', follow);",
      replace: '',
      test: 'packages/regatta/src/run/listeners.test.ts',
      name: 'nothing holds a finished run',
    },
    {
      race: 'R39',
      title: 'models are kept by their name, whatever key or settings they were made with',
      file: 'model/resolve.ts',
      find: 'const models = new WeakMap<LlmDefinition, Model>();',
      replace: `const byName = new Map<string, Model>();
  const models = {
    get: ({ model }: LlmDefinition) => byName.get(String(model)),
    set: ({ model }: LlmDefinition, opened: Model) => byName.set(String(model), opened),
  };`,
      test: OPENING,
      name: '100 calls at once open a provider once for each LLM',
    },
    {
      race: 'R39',
      title: 'uses of a tool are counted by its name',
      file: 'tool/call-tool.ts',
      find: 'context.countUse(tool.origin ?? tool)',
      replace: 'context.countUse(tool.name as never)',
      test: RUNS,
      name: 'two agents of one role keep their own models and tools (R39)',
    },
    {
      race: 'R41',
      title: 'kept replies are shared by all runtimes',
      file: 'model/identify.ts',
      find: "if (scope === 'runtime') return { scope, runtimeId };",
      replace: '',
      test: CACHED,
      name: 'a scope shares with nobody outside',
    },
    {
      race: 'R41',
      title: 'the key of a kept reply is the texts that were asked, one behind the other',
      file: 'model/reply-key.ts',
      find: "return hashOf(['regatta/reply', VERSION, sharers, asked, request]);",
      replace: `const texts = request.messages.map(({ content }) => JSON.stringify(content).slice(1, -1));
  return hashOf([VERSION, sharers, [asked, ...texts].join('')]);`,
      test: 'packages/regatta/src/model/reply-key.test.ts',
      name: 'the same characters in other places are another key',
    },
    {
      race: 'R41',
      title: 'kept results of tools are shared by runs with another context',
      file: 'tool/tool-cache.ts',
      find: '? nameOf(context.context)',
      replace: '? null',
      test: 'packages/regatta/src/tool/tool-cache.test.ts',
      name: 'runs with another context share nothing, unless a key says whose results are',
    },
    {
      race: 'R42',
      title: 'whether a reply is kept is checked, and nobody is told that it is being asked for',
      file: 'base/flights.ts',
      find: 'flights.set(key, promise);',
      replace: '',
      test: 'packages/regatta/src/model/single-flight.test.ts',
      name: '100 calls for one kept reply ask once',
    },
    {
      race: 'R42',
      title: 'those who wait for the answer of a call that is cancelled are cancelled with it',
      file: 'base/flights.ts',
      find: "if (landing.is === 'left') continue;",
      replace: "if (landing.is === 'left') throw new Error('cancelled');",
      test: CACHED,
      name: 'the one that asks is cancelled: one of those who waited asks',
    },
    {
      race: 'R42',
      title: 'those who wait for the use of a tool wait for a tool that is deaf, although its run has left',
      file: 'tool/execute.ts',
      find: 'cancel.race(attempt(use, inner, tally))',
      replace: 'attempt(use, inner, tally)',
      test: 'packages/regatta/src/tool/tool-cache.test.ts',
      name: 'the run that works is cancelled although its tool is deaf: one of those who waited works in its place',
    },
    {
      race: 'R42',
      title: 'whether a provider is open is checked before an await, and noted after it',
      file: 'model/resolve.ts',
      find: 'opening ??= open();',
      replace: `if (opening === undefined) {
        await undefined;
        opening = open();
      }`,
      test: OPENING,
      name: '100 calls at once open a provider once for each LLM',
    },
  ],
  exemptions: [
    {
      race: 'R36',
      why: 'No part keeps conversations: a memory is an object of whoever made it that is given the run that asks, and a conversation is a local variable of the agent loop (R32)',
      absent: ['memory'],
    },
    {
      race: 'R40',
      why: '`scripts/check-size.ts` forbids `process.chdir` and writes to `process.env` in the package; a tool gets what it needs as an argument',
      forbids: /process\.chdir\(|process\.umask\(/,
    },
  ],
};
