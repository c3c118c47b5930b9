// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts are code, and some of it has templates
/** Threads, order and wake-ups: R61 to R72. */
import type { Section } from '../mutant.ts';

const JOURNAL = 'packages/regatta/src/run/journal.test.ts';
const RESUME = 'packages/regatta/src/run/resume.test.ts';
const ORDER = 'packages/regatta/src/run/order.test.ts';
const FROZEN = 'packages/regatta/src/api/frozen-events.test.ts';
const CLOSE = 'packages/regatta/src/run/close.test.ts';
const LANE = 'packages/regatta/src/observe/lane.test.ts';
const THREADS = 'packages/regatta/src/engines/threads';

export const order: Section = {
  title: 'Threads, order and wake-ups',
  races: {
    R61: 'a pool inverts the order',
    R62: 'a worker dies in the middle',
    R63: 'what crosses a thread arrives changed',
    R64: 'shared memory is changed without atomics',
    R65: 'a resumed run does again what it did',
    R66: 'two sequences of numbers in one run',
    R67: 'a shutdown in the middle of a run',
    R68: 'a callback that is loaded late misses the start',
    R69: 'order and ids by the wall clock',
    R70: 'the parent is guessed from the order',
    R71: 'a wake-up is lost',
    R72: 'an event is sent for a state that was rolled back',
  },
  mutants: [
    {
      race: 'R61',
      title: 'a lane hands over the next event while the last one is handled',
      file: 'observe/lane.ts',
      find: 'this.#await(pending, event);\n        return;',
      replace: 'this.#await(pending, event);\n        continue;',
      test: LANE,
      name: 'an observer hears all events in order, one at a time',
    },
    {
      race: 'R61',
      title: 'tools are answered in the order in which they end',
      file: 'base/settle-all.ts',
      find: 'ends[index] = await settle(() => work(item, index));',
      replace: 'ends.push(await settle(() => work(item, index)));',
      test: 'packages/regatta/src/api/crew.test.ts',
      name: 'tools are called with parsed arguments, several of one turn at once',
    },
    {
      race: 'R62',
      title: 'spans that an engine left open stay open',
      file: 'run/run.ts',
      find: 'for (const draft of this.#spans.close(toErrorData(error))) void this.#emit(draft);',
      replace: '',
      test: 'packages/regatta/src/run/one-end.test.ts',
      name: 'an engine that is lost in the middle leaves no start without its one end',
    },
    {
      race: 'R62',
      title: 'a run waits for a thread that is gone',
      file: 'engines/threads/thread.ts',
      find: 'for (const receiver of receivers) receiver.lose(loss);',
      replace: '',
      test: `${THREADS}/loss.test.ts`,
      name: 'process.exit in a tool ends the thread and not the process',
    },
    {
      race: 'R62',
      title: 'what an engine tells after the end is an event',
      file: 'run/run.ts',
      find: "if (this.#status !== 'running') {",
      replace: 'if (this.#late < 0) {',
      test: 'packages/regatta/src/run/one-end.test.ts',
      name: 'what an engine tells when the run has ended is heard by nobody, and counted',
    },
    {
      race: 'R63',
      title: "a run's end holds the output itself, with dates and classes",
      file: 'run/run.ts',
      find: 'output: job.show(output)',
      replace: 'output: output as never',
      test: FROZEN,
      name: 'every event is plain data',
    },
    {
      race: 'R63',
      title: "a task's end holds the output itself, with dates and classes",
      file: 'crew/run-task.ts',
      find: 'parsed: toJsonOr(parsed, null)',
      replace: 'parsed: parsed as never',
      test: FROZEN,
      name: 'every event is plain data',
    },
    {
      race: 'R65',
      title: 'a step that is recorded is done again',
      file: 'run/context.ts',
      find: 'if (recorded !== undefined) return recorded as T;',
      replace: `if (recorded !== undefined) {
      await work();
      return recorded as T;
    }`,
      test: JOURNAL,
      name: 'what is recorded is not done again',
    },
    {
      race: 'R65',
      title: 'an attempt that was under way when its process ended is in no ledger',
      file: 'run/recorded-usage.ts',
      find: 'await untilAborted(recording.record(callId, `attempt-${place}`, record), signal);',
      replace: '',
      test: RESUME,
      name: 'a run that dies at any of its writes goes on',
    },
    {
      race: 'R65',
      title: 'what was recorded is told again',
      file: 'run/run.ts',
      find: 'if (recording.isTold({ span, body })) return false;',
      replace: '',
      test: 'packages/regatta/src/run/resumed-runs.test.ts',
      name: 'what an earlier epoch has told is not told again',
    },
    {
      race: 'R65',
      title: 'a fork that goes on at another worker tells what it keeps',
      file: 'run/recording.ts',
      find: 'setup.records.slice(0, kept)',
      replace: '[]',
      test: 'packages/regatta/src/hosts/dbos/fork.test.ts',
      name: 'a fork whose workers are killed goes on elsewhere',
    },
    {
      race: 'R65',
      title: 'a result is used before it is recorded',
      file: 'run/context.ts',
      find: 'return (await untilAborted(recording.record(span.id, kind, value), signal, orphan)) as T;',
      replace: 'recording.note(span.id, kind, value);\n      return value as T;',
      test: JOURNAL,
      name: 'a result is used once it is recorded, and not before',
    },
    {
      race: 'R66',
      title: 'all runs number their events from one sequence',
      file: 'observe/stamp.ts',
      find: '#seq = 0;',
      replace: `static last = 0;
  get #seq(): number { return Stamp.last; }
  set #seq(seq: number) { Stamp.last = seq; }`,
      test: 'packages/regatta/src/run/concurrent-runs.test.ts',
      name: '24 runs, whatever their order',
    },
    {
      race: 'R67',
      title: 'a runtime that is closing starts runs',
      file: 'run/runtime.ts',
      find: "if (this.#state !== 'open') {",
      replace: "if (this.#state === 'closed') {",
      test: CLOSE,
      name: 'close at any boundary of a run',
    },
    {
      race: 'R67',
      title: 'closing does not wait for the runs under way',
      file: 'run/runtime.ts',
      find: 'await Promise.allSettled(runs.map(({ result }) => result));',
      replace: '',
      test: CLOSE,
      name: 'close at any boundary of a run',
    },
    {
      race: 'R69',
      title: 'events are told apart by their time',
      file: 'observe/stamp.ts',
      find: '`${span.id}:${type}-${seq}`',
      replace: '`${span.id}:${type}-${Math.round(this.#clock.monotonic())}`',
      test: ORDER,
      name: 'a wall clock that runs backwards changes neither order nor ids (R69)',
    },
    {
      race: 'R69',
      title: 'a limiter measures by the wall clock',
      file: 'observe/rate-limit.ts',
      find: 'const now = this.#clock.monotonic();',
      replace: 'const now = this.#clock.now();',
      test: ORDER,
      name: 'durations are measured by the monotonic clock',
    },
    {
      race: 'R69',
      title: 'ids are made of the clock alone',
      file: 'base/ids.ts',
      find: 'Math.floor(random() * 16 ** digits)',
      replace: 'Math.floor(0 * random() * 16 ** digits)',
      test: ORDER,
      name: 'ids of one millisecond differ (R69)',
    },
    {
      race: 'R70',
      title: 'the parent of a span is the one that started last and has not ended',
      file: 'observe/stamp.ts',
      find: 'parentId: span.parentId,',
      replace: `parentId: ((stack: string[]) => {
        if (type.endsWith('.end')) stack.pop();
        const parent = stack.at(-1) ?? null;
        if (type.endsWith('.start')) stack.push(span.id);
        return parent;
      })(((this as unknown as { stack?: string[] }).stack ??= [])),`,
      test: ORDER,
      name: 'every event names the parent that opened it',
    },
    {
      race: 'R71',
      title: 'a lane notes a microtask too late that it has stopped',
      file: 'observe/lane.ts',
      find: '    this.#isDraining = false;\n    this.#wake();',
      replace: '    queueMicrotask(() => { this.#isDraining = false; });\n    this.#wake();',
      test: LANE,
      name: 'by the lane',
    },
    {
      race: 'R71',
      title: 'a channel forgets that it was woken while nobody read',
      file: 'base/channel.ts',
      find: 'if (this.#values.length === 0 && !this.#isWoken) {',
      replace: 'if (this.#values.length === 0) {',
      test: 'packages/regatta/src/base/channel.test.ts',
      name: 'a wake that comes while nobody waits is not lost',
    },
    {
      race: 'R71',
      title: 'the end of a recorded answer is noticed before its last pieces',
      file: 'model/journaled.ts',
      find: 'while (!isDone || news.size > 0)',
      replace: 'while (!isDone)',
      test: JOURNAL,
      name: 'with a journal every piece of an answer is an event',
    },
    {
      race: 'R71',
      title: 'an outbox that was emptied once does not note that it must be emptied again',
      file: 'engines/threads/outbox.ts',
      find: 'this.#isScheduled = false;\n        this.flush();',
      replace: 'this.flush();',
      test: `${THREADS}/outbox.test.ts`,
      name: 'what was pushed leaves when the event loop turns, each time anew (R71)',
    },
    {
      race: 'R72',
      title: 'an event is kept although what it follows from was refused',
      file: 'stores/postgres-writer.ts',
      find: '  JOIN run USING (ix) ORDER BY t.ord',
      replace: '  JOIN item USING (ix) JOIN ${schema}.runs run USING (id) ORDER BY t.ord',
      test: 'packages/regatta/src/stores/postgres-journal.test.ts',
      name: 'what is refused is not told',
    },
  ],
  exemptions: [
    {
      race: 'R64',
      why: 'No memory is shared: threads exchange messages over one port each',
      forbids: /SharedArrayBuffer|\bAtomics\b/,
    },
    {
      race: 'R68',
      why: '`OpenNamed` gives an entry and no promise of one: a named callback is complete before the run has a scope',
      forbids: /OpenNamed = \([^)]*\) => Promise/,
    },
  ],
};
