/** A person looks at a task's draft, and sends it back until it is good. */
import type { Draft, Redraft } from '../guardrail/draft.ts';
import type { RunContext } from '../ports/run-context.ts';

export interface ReviewOptions {
  readonly task: string;
  /** Stands before the names of spans. */
  readonly key: string;
  readonly redraft: Redraft;
  /** The guardrails, around a new draft. */
  readonly check: (draft: Draft, key: string) => Promise<Draft>;
}

/** Nobody's silence is a yes: it waits as long as the run lasts. @throws RegattaError `input/*` */
export async function reviewDraft(
  first: Draft,
  { task, key, redraft, check }: ReviewOptions,
  context: RunContext,
): Promise<Draft> {
  let draft = first;
  for (let number = 1; ; number++) {
    const question = `Is this answer to task "${task}" good? Accept it, or say what should change.`;
    const place = `${key}review-${number}`;
    const answer = await context.child(place).ask({ kind: 'review', question, subject: draft.text });
    if (answer.accepted) return draft;
    draft = await check(await redraft(draft, answer.feedback), `${place}/`);
  }
}
