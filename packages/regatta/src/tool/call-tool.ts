/** One tool call: found, guarded, checked, approved, counted, used, and answered, whatever happens. */
import { untilAborted } from '../base/abort.ts';
import { fromErrorData, toErrorData } from '../base/error-data.ts';
import { messageOf, RegattaError } from '../base/errors.ts';
import type { Json } from '../base/json.ts';
import { listProblems } from '../base/schema.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { OnFailure, Tool, ToolUse } from '../ports/tool.ts';
import type { ToolCallPart, ToolMessage } from '../protocol/message.ts';
import { approve } from './approve.ts';
import { execute, type Outcome } from './execute.ts';
import { onFailureOf } from './failure-policy.ts';
import { recordedUse } from './recorded-use.ts';

export interface AskedTool {
  readonly tools: readonly Tool[];
  readonly call: ToolCallPart;
  /** Of task, agent or crew; a tool's own goes before it. */
  readonly onFailure: OnFailure | undefined;
}

/**
 * One call as events: a start, what the tool's own work says, and one end. A failure, also an abort, is
 * an answer, unless it is the tool's own and is to fail the task.
 *
 * @throws the tool's failure where `onFailure` is `fail`, after the end.
 */
export async function callTool(asked: AskedTool, context: RunContext): Promise<ToolMessage> {
  const { callId, tool, args } = asked.call;
  await context.tell({ type: 'tool.start', tool, callId, args });
  const { failure, result, error, isCached, attempts } = await use(asked, context).catch(asAnswer);
  const facts = { ...(isCached && { cached: true as const }), ...(attempts > 1 && { attempts }) };
  const told = context.tell({ type: 'tool.end', tool, callId, result, error, ...facts });
  if (told !== undefined) await told;
  if (failure !== null) throw failure.error;
  return Object.freeze({ role: 'tool', callId, tool, content: result, isError: error !== null });
}

interface Settled extends Outcome {
  /** What the task is to fail with. */
  readonly failure: { readonly error: unknown } | null;
}

/** What went wrong around the tool's own work is told to the model, always. */
function asAnswer(error: unknown): Settled {
  return { ...failed(error), failure: null };
}

async function use({ tools, call, onFailure }: AskedTool, context: RunContext): Promise<Settled> {
  const { args, callId } = call;
  const tool = tools.find(({ name }) => name === call.tool);
  if (tool === undefined) throw unknownTool(call.tool, tools);
  const prepare = async (written: Json): Promise<ToolUse> => {
    const isGuarded = context.isGuarded('tool.before');
    const guarded = isGuarded ? await guardArgs(tool, written, context) : written;
    return { tool, callId, args: guarded, parsed: await parseArgs(tool, guarded, context) };
  };
  const asked = await prepare(args);
  const { needsApproval = false } = tool;
  const allowed = needsApproval === false ? asked : await approve(asked, prepare, context);
  if (tool.maxUses !== undefined) countUse(tool, tool.maxUses, context);
  const outcome = await perform(allowed, context);
  if (outcome.failure !== null)
    return onFailureOf(tool.onFailure, onFailure) === 'fail' ? outcome : { ...outcome, failure: null };
  if (!context.isGuarded('tool.after')) return outcome;
  const subject = { tool: tool.name, args: allowed.args, result: outcome.result };
  const { result } = await context.guard('tool.after', subject);
  return { ...outcome, result };
}

/** Work of ours records its own steps; a user's function is one. */
async function perform(allowed: ToolUse, context: RunContext): Promise<Settled> {
  const { tool, parsed } = allowed;
  if (tool.work === undefined) {
    let thrown: unknown;
    const outcome = await recordedUse(allowed, context, () =>
      execute(allowed, context, (error) => {
        thrown = error;
      }),
    );
    const { error } = outcome;
    return { ...outcome, failure: error === null ? null : { error: thrown ?? fromErrorData(error) } };
  }
  try {
    const result = await tool.work(parsed, context);
    return { result, error: null, isCached: false, attempts: 1, failure: null };
  } catch (error) {
    context.signal.throwIfAborted();
    return { ...failed(error), failure: { error } };
  }
}

function failed(error: unknown): Outcome {
  return { result: messageOf(error), error: toErrorData(error), isCached: false, attempts: 1 };
}

async function guardArgs({ name }: Tool, args: Json, context: RunContext): Promise<Json> {
  return (await context.guard('tool.before', { tool: name, args })).args;
}

async function parseArgs(tool: Tool, args: Json, { signal, orphan }: RunContext): Promise<unknown> {
  const parsed = await untilAborted(tool.parse(args), signal, orphan);
  if (parsed.isValid) return parsed.value;
  const { name } = tool;
  throw new RegattaError(
    'tool/invalid-arguments',
    `The arguments of tool "${name}" are not valid:\n${listProblems(parsed.problems)}\nCall it again with arguments that match this JSON Schema: ${JSON.stringify(tool.inputSchema)}`,
    { tool: name, problems: parsed.problems },
  );
}

function countUse(tool: Tool, maxUses: number, context: RunContext): void {
  if (context.countUse(tool.origin ?? tool) <= maxUses) return;
  throw new RegattaError(
    'tool/use-limit',
    `Tool "${tool.name}" may be used ${maxUses} ${maxUses === 1 ? 'time' : 'times'} in a run, and has been. Go on without it.`,
    { tool: tool.name, maxUses },
  );
}

function unknownTool(tool: string, tools: readonly Tool[]): RegattaError {
  const known = tools.map(({ name }) => name);
  const mend = known.length > 0 ? `Use one of: ${known.join(', ')}.` : 'Answer without tools.';
  return new RegattaError('tool/unknown', `There is no tool "${tool}". ${mend}`, { tool, known });
}
