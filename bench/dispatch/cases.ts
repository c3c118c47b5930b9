/**
 * What an event costs, step by step as a run does it: what is measured is the product's own code, called
 * from outside of a run so that nothing else is in the figure.
 */

import { systemClock } from '../../packages/regatta/src/base/clock.ts';
import { Dispatcher } from '../../packages/regatta/src/observe/dispatcher.ts';
import { createEntry } from '../../packages/regatta/src/observe/entry.ts';
import { createScope, EMPTY_SCOPE, extendScope } from '../../packages/regatta/src/observe/scope.ts';
import { Stamp } from '../../packages/regatta/src/observe/stamp.ts';
import type { Scope } from '../../packages/regatta/src/ports/scope.ts';
import type { EventDraft, Span } from '../../packages/regatta/src/ports/span.ts';
import type { RunEvent } from '../../packages/regatta/src/protocol/event.ts';
import { BUFFER_CAPACITY, EventBuffer } from '../../packages/regatta/src/run/buffer.ts';
import { createEnter } from '../../packages/regatta/src/run/current.ts';
import { OpenSpans } from '../../packages/regatta/src/run/open-spans.ts';

export interface Case {
  readonly name: string;
  /** Microseconds that it should take at most; null where there is no such figure. */
  readonly targetUs: number | null;
  /** Does it `count` times, and comes back when everything that follows from it is done. */
  run(count: number): void | Promise<void>;
}

const RUN_ID = '019a0000-0000-7000-8000-000000000000';

/** Events before the event loop gets a turn, and lanes with it: as many as a busy model call yields. */
const BATCH = 64;

/** Events of a run of some hundred model calls. */
const RUN_EVENTS = 2000;

/** What handlers do: so little that the figure is what it costs to reach them. */
const sink = { heard: 0 };

function createHandler(): (event: RunEvent) => void {
  return ({ seq }) => {
    sink.heard += seq & 1;
  };
}

const createHandlers = (count: number) => Array.from({ length: count }, createHandler);

function scopeOf(handlers: number): Scope {
  return createScope(
    createHandlers(handlers).map((handler) => createEntry(handler, { capacity: 2 * BATCH })),
  );
}

/** A loop that calls as many functions with the event: what all else is compared with. */
export function plainCalls(handlers: number): Case {
  const functions = createHandlers(handlers);
  const event = new Stamp(RUN_ID, systemClock).event(draftOf(EMPTY_SCOPE));
  return {
    name: `plain call of ${count(handlers)}`,
    targetUs: null,
    run: (times) => {
      for (let index = 0; index < times; index++) for (const call of functions) call(event);
    },
  };
}

/**
 * One event from draft to handlers: tracked, stamped, kept for readers, handed to each lane, delivered.
 * @param perRun events of one run: beyond `BUFFER_CAPACITY` its buffer makes room with each
 */
export function emit(handlers: number, targetUs: number | null, perRun = RUN_EVENTS): Case {
  const scope = scopeOf(handlers);
  return {
    name: `event with ${count(handlers)}, ${perRun.toLocaleString('en')} in a run`,
    targetUs,
    run: async (times) => {
      for (let done = 0; done < times; done += perRun) await emitRun(scope, perRun);
    },
  };
}

async function emitRun(scope: Scope, times: number): Promise<void> {
  const current = { id: RUN_ID, spanId: RUN_ID };
  const stamp = new Stamp(RUN_ID, systemClock);
  const buffer = new EventBuffer(BUFFER_CAPACITY);
  const spans = new OpenSpans();
  const dispatcher = new Dispatcher({
    openEnter: () => createEnter(current),
    onError: () => undefined,
    clock: systemClock,
  });
  const draft = draftOf(scope);
  for (let index = 0; index < times; index++) {
    spans.track(draft);
    const event = stamp.event(draft);
    buffer.push(event);
    void dispatcher.publish(event, scope);
    if (index % BATCH === 0) await undefined;
  }
  await dispatcher.settle();
  const delivered = dispatcher.counts().reduce((sum, lane) => sum + lane.delivered, 0);
  if (delivered !== times * scope.length) throw new Error(`${delivered} events were delivered.`);
}

/** The handlers of a span that adds none: found, not made. */
export const snapshotHit: Case = {
  name: 'snapshot hit: a child span that adds no handler',
  targetUs: null,
  run: (times) => {
    const outer = scopeOf(10);
    let same = 0;
    for (let index = 0; index < times; index++) if (extendScope(outer, EMPTY_SCOPE) === outer) same++;
    if (same !== times) throw new Error('A scope was made.');
  },
};

export function openScope(outerHandlers: number): Case {
  const outer = scopeOf(outerHandlers);
  const inner = scopeOf(1);
  return {
    name: `opening a scope: 1 handler inside ${outerHandlers}`,
    targetUs: null,
    run: (times) => {
      for (let index = 0; index < times; index++) sink.heard += extendScope(outer, inner).length & 1;
    },
  };
}

function draftOf(scope: Scope): EventDraft {
  const span: Span = {
    id: `${RUN_ID}/task/agent/turn-1`,
    parentId: `${RUN_ID}/task/agent`,
    task: 'task',
    agent: 'agent',
    scope,
  };
  const body = { type: 'model.delta', attempt: 1, kind: 'text', text: 'a piece of ', tool: null } as const;
  return { span, body };
}

function count(handlers: number): string {
  return handlers === 1 ? '1 handler' : `${handlers} handlers`;
}
