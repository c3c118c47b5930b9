/** Asks a person before a tool is used that says so. Nothing but a yes is a yes. */

import { RegattaError } from '../base/errors.ts';
import type { Json } from '../base/json.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { ToolUse } from '../ports/tool.ts';
import { inTime, toolContextOf } from './user-code.ts';

/** Guards and checks arguments that the person wrote instead of the model's. */
export type Prepare = (args: Json) => Promise<ToolUse>;

/**
 * The use that is allowed: the one asked for, or with the person's arguments.
 *
 * @throws RegattaError `tool/refused` or `input/timeout`; what `prepare` throws; the signal's reason.
 */
export async function approve(use: ToolUse, prepare: Prepare, context: RunContext): Promise<ToolUse> {
  const { tool, args } = use;
  const { name, approvalTimeoutMs } = tool;
  if (!(await isNeeded(use, context))) return use;
  const answer = await context.child('approval').ask({
    kind: 'approval',
    question: `Agent "${context.span.agent}" asks to use the tool "${name}". May it?`,
    subject: { tool: name, args },
    timeoutMs: approvalTimeoutMs,
  });
  if (!answer.approved) {
    const { reason } = answer;
    throw new RegattaError(
      'tool/refused',
      `A person refused this use of tool "${name}": ${reason} Do not repeat it. Go on without it, or ask for something else.`,
      { tool: name, reason },
    );
  }
  return answer.args === undefined ? use : await prepare(answer.args);
}

/** Only a plain `false` of the tool is a no: whatever else it says, the person is asked. */
async function isNeeded(use: ToolUse, context: RunContext): Promise<boolean> {
  const { tool, parsed } = use;
  const { needsApproval } = tool;
  if (typeof needsApproval !== 'function') return true;
  return await context.step('needs-approval', () =>
    inTime(tool, context, async (cancel) => {
      const inner = toolContextOf(use, context.withSignal(cancel.signal));
      const decide = async () => needsApproval(parsed, inner);
      return (await cancel.race(context.enter(decide))) !== false;
    }),
  );
}
