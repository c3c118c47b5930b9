/** What a run asks of a person, and what the person says. */
import type { Json } from '../base/json.ts';

/** A draft to be accepted or sent back; something to be allowed or not; a question. */
export type InputKind = 'review' | 'approval' | 'question';

export interface InputRequest<Kind extends InputKind = InputKind> {
  readonly kind: Kind;
  /** To be shown to the person. */
  readonly question: string;
  /** What it is about: the draft, the tool's call. */
  readonly subject: Json;
  /** Milliseconds to wait for an answer; undefined = as long as the run lasts. */
  readonly timeoutMs?: number | undefined;
}

/** A request that waits. Whoever gives `token` back, gives its answer. */
export interface PendingInput extends Omit<InputRequest, 'timeoutMs'> {
  readonly runId: string;
  /** The same when a resumed run asks again. */
  readonly token: string;
  readonly task: string | null;
  readonly agent: string | null;
}

export interface InputAnswers {
  readonly review: { readonly accepted: true } | { readonly accepted: false; readonly feedback: string };
  /** `args` replaces what the subject was to be done with. */
  readonly approval:
    | { readonly approved: true; readonly args?: Json }
    | { readonly approved: false; readonly reason: string };
  readonly question: { readonly text: string };
}

export type InputAnswer = InputAnswers[InputKind];
