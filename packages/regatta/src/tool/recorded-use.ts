/**
 * One use of a tool under a journal: what came out is recorded, a failure too, since the model was told
 * of it. A use that must not be repeated is recorded before it begins; begun without an outcome, it is
 * for a person to say whether it is done again.
 */
import { RegattaError } from '../base/errors.ts';
import type { Json } from '../base/json.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Tool, ToolUse } from '../ports/tool.ts';

/**
 * Gives what `use` gives, or gave: failures of the tool's own are a part of it.
 *
 * @throws what `use` throws, of which nothing is recorded; RegattaError `tool/unknown-outcome`
 */
export function recordedUse<Outcome>(
  asked: Pick<ToolUse, 'tool' | 'args'>,
  context: RunContext,
  use: () => Promise<Outcome>,
): Promise<Outcome> {
  return context.isJournaled ? useOnce(asked, context, use) : use();
}

async function useOnce<Outcome>(
  { tool, args }: Pick<ToolUse, 'tool' | 'args'>,
  context: RunContext,
  use: () => Promise<Outcome>,
): Promise<Outcome> {
  for (let count = 1; ; count++) {
    // A number of another epoch: the process that began the use is gone, or has given the run up.
    const begunIn = tool.sideEffect
      ? await context.step(`started-${count}`, async () => context.epoch)
      : context.epoch;
    let isUnknown = false; // and not by which error it is: that does not cross threads
    try {
      return await context.step('tool', async () => {
        isUnknown = begunIn !== context.epoch;
        if (isUnknown) throw UNKNOWN;
        return await use();
      });
    } catch (error) {
      context.signal.throwIfAborted();
      if (!isUnknown) throw error;
    }
    await decide(tool, args, context.child(`repeat-${count}`));
  }
}

/** Nothing is recorded for it. */
const UNKNOWN = new Error('The outcome is not known.');

/** Returns if the use is to be repeated. @throws RegattaError `tool/unknown-outcome` if not */
async function decide(
  { name, onUnknownOutcome = 'ask' }: Tool,
  args: Json,
  context: RunContext,
): Promise<void> {
  if (onUnknownOutcome === 'repeat') return;
  let reason = 'It was not asked for again';
  if (onUnknownOutcome === 'ask') {
    const question = `Tool "${name}" was begun and its process ended, so nobody knows whether it was done. Use it again?`;
    const answer = await context.ask({ kind: 'approval', question, subject: { tool: name, args } });
    if (answer.approved) return;
    reason = answer.reason;
  }
  throw new RegattaError(
    'tool/unknown-outcome',
    `Nobody knows whether tool "${name}" did its work, and it is not used again: ${reason.replace(/[.!?]?$/, '.')} Find out another way, or say so in the answer.`,
    { tool: name },
  );
}
