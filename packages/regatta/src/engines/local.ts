/** Runs on this event loop. */
import type { Engine } from '../ports/engine.ts';

export const localEngine: Engine = Object.freeze({
  name: 'local',
  execute: (job, context) => job.start(context),
} satisfies Engine);
