/** The seam to whoever watches. */
import type { EventType, RunEvent } from '../protocol/event.ts';

/**
 * Hears the events of its scope, per run in order and one at a time.
 *
 * May be slow, may throw, may never settle: the run and the other observers do not feel it. What it
 * gets is frozen. What it returns is ignored, but a promise is waited for before the next event.
 */
export type Observer = (event: RunEvent) => unknown;

/** `*` = all; `model.*` = all of a noun; or one type. */
export type EventPattern =
  | '*'
  | `${'run' | 'task' | 'agent' | 'model' | 'embed' | 'tool' | 'guardrail' | 'output' | 'delegation' | 'plan' | 'step' | 'review' | 'decision' | 'input' | 'memory' | 'context'}.*`
  | EventType;
