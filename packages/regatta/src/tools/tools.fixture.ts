/** Uses a tool as a run does, without a run. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Tool, ToolContext } from '../ports/tool.ts';

export async function useTool(
  tool: Tool | undefined,
  args: unknown,
  signal: AbortSignal = new AbortController().signal,
): Promise<unknown> {
  if (tool === undefined) throw new Error('There is no such tool.');
  const parsed = await tool.parse(args);
  if (!parsed.isValid) throw new Error(JSON.stringify(parsed.problems));
  const place = { runId: 'run', task: null, agent: null, callId: 'call', idempotencyKey: 'key' };
  const context: ToolContext = { ...place, signal, context: undefined };
  return await tool.execute(parsed.value, context);
}

export interface TempFolder extends AsyncDisposable {
  readonly path: string;
}

export async function openTempFolder(): Promise<TempFolder> {
  const path = await mkdtemp(join(tmpdir(), 'regatta-tools-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
