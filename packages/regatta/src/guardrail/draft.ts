/** An answer that does not count yet: it may be sent back. */

import type { Message } from '../protocol/message.ts';

export interface Draft {
  /** Role of whoever wrote it. */
  readonly agent: string;
  readonly text: string;
  /** By the output schema; undefined without one. */
  readonly parsed: unknown;
  /** The conversation that led to it, up to and with the answer. */
  readonly messages: readonly Message[];
  /** How many of the messages opened the conversation: those that its reader never loses. */
  readonly opening: number;
}

/** Makes another draft: the same conversation goes on with what is wrong. */
export type Redraft = (draft: Draft, feedback: string) => Promise<Draft>;
