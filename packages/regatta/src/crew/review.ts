/** A person looks at a task's draft, and sends it back until it is good. */
import type { Draft, Redraft } from '../guardrail/draft.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Work } from '../ports/span.ts';

export interface ReviewOptions {
  readonly task: string;
  /** Stands before the names of spans. */
  readonly key: string;
  readonly redraft: Redraft;
  /** The guardrails, around a new draft. */
  readonly check: (draft: Draft, key: string) => Work<Draft>;
}

/** Nobody's silence is a yes: it waits as long as the run lasts. @throws RegattaError `input/*` */
export async function* reviewDraft(
  first: Draft,
  { task, key, redraft, check }: ReviewOptions,
  context: RunContext,
): Work<Draft> {
  let draft = first;
  for (let number = 1; ; number++) {
    const question = `Is this answer to task "${task}" good? Accept it, or say what should change.`;
    const place = `${key}review-${number}`;
    const answer = yield* context.child(place).ask({ kind: 'review', question, subject: draft.text });
    if (answer.accepted) return draft;
    draft = yield* check(yield* redraft(draft, answer.feedback), `${place}/`);
  }
}
