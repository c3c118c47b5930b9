/** Spans, and what is said of them. */
import type { EventBody } from '../protocol/event.ts';
import type { Scope } from './scope.ts';

/** One piece of a run that starts and ends. Who hears and guards it is fixed when it opens. */
export interface Span {
  readonly id: string;
  readonly parentId: string | null;
  readonly task: string | null;
  readonly agent: string | null;
  readonly scope: Scope;
}

/** A fact, and the span it belongs to. `run/` stamps it and tells the observers. */
export interface EventDraft {
  readonly span: Span;
  readonly body: EventBody;
}
