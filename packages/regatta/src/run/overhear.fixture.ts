/** A context whose spans tell what happens to somebody else first. */
import type { RunContext } from '../ports/run-context.ts';
import type { EventDraft } from '../ports/span.ts';

export type Hear = (draft: EventDraft) => Promise<unknown> | undefined;

const OPENING: ReadonlySet<string | symbol> = new Set<keyof RunContext>([
  'child',
  'adopt',
  'withSignal',
  'withContext',
  'withoutDeltas',
]);

/** `hear` decides whether, and when, the run is told. */
export function overhear(context: RunContext, hear: Hear): RunContext {
  return new Proxy(context, {
    get(target, name) {
      if (name === 'tell') return (body: EventDraft['body']) => hear({ span: target.span, body });
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call = value.bind(target) as (...args: unknown[]) => RunContext;
      return OPENING.has(name) ? (...args: unknown[]) => overhear(call(...args), hear) : call;
    },
  });
}
