/** What a task is told of the tasks before it: whole, summed up, or by fields, and within its limit. */
import { isJsonObject, type Json, toJsonOr } from '../base/json.ts';
import { joinResults } from '../context/prompt.ts';
import { callModel } from '../model/call-model.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import { textOf } from '../protocol/message.ts';
import type { TaskOutput } from '../protocol/output.ts';
import { type EarlierResult, fitResults } from './fit-results.ts';
import type { PlannedTask } from './plan.ts';

export interface EarlierOptions {
  /** Outputs of all tasks that are done, by id. */
  readonly outputs: ReadonlyMap<string, TaskOutput>;
  /** What is to be done with the results. */
  readonly description: string;
  /** Who sums them up. */
  readonly llm: LlmDefinition | undefined;
  readonly agent: string;
  /** Stands before the names of spans. */
  readonly key: string;
}

const SKIPPED = '(This task was skipped.)';

export function tellEarlier(
  { reads, contextStrategy, maxContextTokens }: PlannedTask,
  options: EarlierOptions,
  context: RunContext,
): readonly EarlierResult[] | Promise<readonly EarlierResult[]> {
  if (contextStrategy === 'none' || reads.length === 0) return [];
  const read = reads.flatMap((id) => options.outputs.get(id) ?? []);
  if (read.length === 0) return [];
  if (typeof contextStrategy === 'object') {
    return fitResults(
      read.map((output) => pick(output, contextStrategy.fields)),
      maxContextTokens,
    );
  }
  const results = read.map(({ task, text, skipped }) => ({ task, text: skipped ? SKIPPED : text }));
  if (contextStrategy === 'full') return fitResults(results, maxContextTokens);
  return summed(results, { ...options, maxTokens: maxContextTokens }, context);
}

function pick({ task, parsed, skipped }: TaskOutput, fields: readonly string[]): EarlierResult {
  if (skipped) return { task, text: SKIPPED };
  const json = toJsonOr(parsed, null);
  const values = fields.map((field): [string, Json] => [
    field,
    isJsonObject(json) ? (json[field] ?? null) : null,
  ]);
  return { task, text: JSON.stringify(Object.fromEntries(values)) };
}

interface SummaryOptions extends EarlierOptions {
  readonly maxTokens: number | undefined;
}

async function summed(
  results: readonly EarlierResult[],
  options: SummaryOptions,
  context: RunContext,
): Promise<readonly EarlierResult[]> {
  const summary = await summarise(results, options, context);
  // An empty summary would keep the results from the task without anybody noticing.
  const told = summary.trim() === '' ? results : [{ task: 'Summary', text: summary }];
  return fitResults(told, options.maxTokens);
}

/** One call of the task's model. */
async function summarise(
  results: readonly EarlierResult[],
  { description, llm, agent, key, maxTokens }: SummaryOptions,
  context: RunContext,
): Promise<string> {
  const limit = maxTokens === undefined ? '' : ` Use at most ${maxTokens} tokens.`;
  const messages = [
    {
      role: 'system',
      content: `You sum up results for somebody who goes on with them. Keep facts, numbers, names, sources and open questions.${limit}`,
    },
    {
      role: 'user',
      content: `They are for this task: ${description}\n\nResults of earlier tasks:\n\n${joinResults(results)}\n\nGive the summary and nothing else.`,
    },
  ] as const;
  const model = context.resolveModel(llm, `Agent "${agent}"`);
  const call = context.child(`${key}summary`, { agent, scope: llm?.scope ?? [] });
  const { message } = await callModel(model, { messages, tools: [], toolChoice: 'none', output: null }, call);
  return textOf(message);
}
