/** One tool call: found, checked, counted, run in time, and answered, whatever happens. */
import { CancelScope, untilAborted } from '../base/abort.ts';
import { toErrorData } from '../base/error-data.ts';
import { messageOf, RegattaError } from '../base/errors.ts';
import type { Json } from '../base/json.ts';
import { listProblems } from '../base/schema.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Work } from '../ports/span.ts';
import type { Tool } from '../ports/tool.ts';
import type { ToolCallPart, ToolMessage } from '../protocol/message.ts';
import type { ErrorData } from '../protocol/output.ts';
import { recordedUse } from './recorded-use.ts';

/** One call as events: a start, what the tool's own work says, and one end. Never throws: a failure, also an abort, is an answer. */
export async function* callTool(
  tools: readonly Tool[],
  call: ToolCallPart,
  context: RunContext,
): Work<ToolMessage> {
  const { callId, tool, args } = call;
  const { span } = context;
  yield { span, body: { type: 'tool.start', tool, callId, args } };
  const answer: { result: string; error: ErrorData | null } = { result: '', error: null };
  try {
    answer.result = yield* use(tools, call, context);
  } catch (error) {
    answer.result = messageOf(error);
    answer.error = toErrorData(error);
  }
  yield { span, body: { type: 'tool.end', tool, callId, ...answer } };
  const isError = answer.error !== null;
  return Object.freeze({ role: 'tool', callId, tool, content: answer.result, isError });
}

async function* use(tools: readonly Tool[], call: ToolCallPart, context: RunContext): Work<string> {
  const tool = tools.find(({ name }) => name === call.tool);
  if (tool === undefined) throw unknownTool(call.tool, tools);
  const args = await guardArgs(call, context);
  const parsed = await untilAborted(tool.parse(args), context.signal, context.orphan);
  if (!parsed.isValid) {
    const { name } = tool;
    throw new RegattaError(
      'tool/invalid-arguments',
      `The arguments of tool "${name}" are not valid:\n${listProblems(parsed.problems)}\nCall it again with arguments that match this JSON Schema: ${JSON.stringify(tool.inputSchema)}`,
      { tool: name, problems: parsed.problems },
    );
  }
  if (tool.maxUses !== undefined) countUse(tool, tool.maxUses, context);
  // Work of ours records its own steps; a user's function is one.
  const result =
    tool.work === undefined
      ? yield* recordedUse(tool, args, context, () =>
          execute(tool, { args: parsed.value, callId: call.callId }, context),
        )
      : yield* tool.work(parsed.value, context);
  if (!context.isGuarded('tool.after')) return result;
  return (await context.guard('tool.after', { tool: tool.name, args, result })).result;
}

async function guardArgs({ tool, args }: ToolCallPart, context: RunContext): Promise<Json> {
  if (!context.isGuarded('tool.before')) return args;
  return (await context.guard('tool.before', { tool, args })).args;
}

async function execute(
  tool: Tool,
  { args, callId }: { readonly args: unknown; readonly callId: string },
  context: RunContext,
): Promise<string> {
  const { runId, span } = context;
  const { name, timeoutMs } = tool;
  const cancel = new CancelScope(context.signal, {
    timeoutMs,
    timeoutReason: () =>
      new RegattaError(
        'tool/timeout',
        `Tool "${name}" did not answer within ${timeoutMs} ms. Try another way, or raise its timeoutMs.`,
        { tool: name, timeoutMs },
      ),
    onOrphan: context.orphan,
  });
  const { signal } = cancel;
  const { task, agent } = span;
  try {
    signal.throwIfAborted();
    const work = async (): Promise<unknown> =>
      tool.execute(args, {
        runId,
        task,
        agent,
        callId,
        idempotencyKey: span.id,
        signal,
        context: context.context,
      });
    return toText(await cancel.race(context.enter(work)), name);
  } catch (error) {
    if (error instanceof RegattaError || signal.aborted) throw error;
    throw new RegattaError(
      'tool/failed',
      `Tool "${name}" failed: ${messageOf(error)}`,
      { tool: name },
      { cause: error },
    );
  } finally {
    cancel.close();
  }
}

function toText(result: unknown, tool: string): string {
  if (typeof result === 'string') return result;
  try {
    return JSON.stringify(result) ?? 'null';
  } catch (error) {
    throw new RegattaError(
      'tool/failed',
      `Tool "${tool}" returned something that JSON cannot carry (${messageOf(error)}). Return text or plain data.`,
      { tool },
      { cause: error },
    );
  }
}

function countUse(tool: Tool, maxUses: number, context: RunContext): void {
  if (context.countUse(tool) <= maxUses) return;
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
