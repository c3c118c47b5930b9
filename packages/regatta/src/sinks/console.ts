/** One readable line for each run, task, agent, model call and tool use that ends, and for what waits for a person. */
import type { AdaptedCallback } from '../ports/callback.ts';
import type { RunEvent } from '../protocol/event.ts';
import { isWanted, type Outcomes, outcomeOf } from './outcome.ts';

export interface ConsoleSinkOptions {
  /** Gets each line with its newline. @default what `process.stderr.write` is when the line is written */
  readonly write?: (line: string) => unknown;
  /** @default 'both' */
  readonly outcomes?: Outcomes;
}

const CODE_CHARS = 200;

/** Lines hold names, times, counts and errors: no messages, no answers, no arguments. */
export function consoleSink({
  write = (line) => process.stderr.write(line),
  outcomes = 'both',
}: ConsoleSinkOptions = {}): AdaptedCallback {
  const starts = new Map<string, number>();
  return Object.freeze({
    name: 'console',
    key: 'sink:console',
    on: Object.freeze([
      'run.*',
      'task.*',
      'agent.*',
      'model.start',
      'model.end',
      'embed.*',
      'tool.*',
      'delegation.*',
      'plan.*',
      'step.*',
      'review.*',
      'decision.*',
      'guardrail.*',
      'memory.*',
      'input.*',
    ] as const),
    observe(event: RunEvent) {
      if (event.type.endsWith('.start')) starts.set(event.spanId, event.time);
      if (event.type === 'input.start')
        return outcomes === 'both' ? write(`${lineOf(event, undefined)}\n`) : undefined;
      if (outcomeOf(event) === null) return undefined;
      const startedAt = starts.get(event.spanId);
      starts.delete(event.spanId);
      return isWanted(event, outcomes) ? write(`${lineOf(event, startedAt)}\n`) : undefined;
    },
  });
}

function lineOf(event: RunEvent, startedAt: number | undefined): string {
  const { time, runId } = event;
  const duration = startedAt === undefined ? '' : `${Math.max(time - startedAt, 0)} ms`;
  return [new Date(time).toISOString(), runId, ...wordsOf(event), duration]
    .filter((word) => word !== '')
    .join(' ');
}

function wordsOf(event: RunEvent): readonly string[] {
  switch (event.type) {
    case 'run.end': {
      const { calls, totalTokens, costUsd } = event.usage;
      return [
        'run',
        event.status,
        `${calls} calls`,
        `${totalTokens} tokens`,
        cost(costUsd),
        failure(event.error),
      ];
    }
    case 'task.end':
      return ['task', quote(event.task), event.status, failure(event.error)];
    case 'agent.end':
      return ['agent', quote(event.agent), `${event.calls} calls`, failure(event.error)];
    case 'model.end': {
      const { inputTokens, outputTokens } = event.usage;
      const tokens = `${inputTokens ?? '?'}+${outputTokens ?? '?'} tokens`;
      const attempts = event.attempts > 1 ? `${event.attempts} attempts` : '';
      return ['model', event.model, tokens, cost(event.costUsd), attempts, failure(event.error)];
    }
    case 'embed.end': {
      const { model, texts, usage, costUsd, attempts } = event;
      const said = [`${texts} texts`, `${usage.inputTokens ?? '?'} tokens`, cost(costUsd)];
      return ['embed', model, ...said, attempts > 1 ? `${attempts} attempts` : '', failure(event.error)];
    }
    case 'delegation.end':
      return ['delegation', 'to', quote(event.coworker), failure(event.error)];
    case 'plan.end':
      return ['plan', `of ${event.of}`, `${event.items.length} items`, failure(event.error)];
    case 'step.end':
      return ['step', quote(event.step), failure(event.error)];
    case 'review.end':
      return ['review', event.accepted === false ? 'sent back' : '', failure(event.error)];
    case 'decision.end':
      return ['decision', event.winner === null ? '' : `for ${event.winner}`, failure(event.error)];
    case 'guardrail.end': {
      const verdict =
        event.accepted === false ? 'rejected' : event.text === null ? '' : 'replaced the answer';
      return [
        'guardrail',
        quote(event.guardrail),
        verdict,
        event.accepted === false ? '' : failure(event.error),
      ];
    }
    case 'tool.end': {
      const { tool, cached, attempts, error } = event;
      const how = cached ? 'cached' : attempts === undefined ? '' : `${attempts} attempts`;
      return ['tool', quote(tool), how, failure(error)];
    }
    case 'memory.end':
      return ['memory', quote(event.store), event.action, failure(event.error)];
    case 'input.start':
      return ['input', event.kind, 'waits for an answer to', event.token];
    case 'input.end':
      return ['input', event.token, failure(event.error)];
    default:
      return [event.type];
  }
}

function cost(costUsd: number | null): string {
  return costUsd === null ? '' : `$${costUsd.toFixed(6)}`;
}

/** On one line, whatever an error's message holds. */
function failure(error: { readonly code: string; readonly message: string } | null): string {
  if (error === null) return 'ok';
  const text = `${error.code}: ${error.message.replace(/\s+/g, ' ')}`;
  return `failed (${text.length > CODE_CHARS ? `${text.slice(0, CODE_CHARS)}…` : text})`;
}

function quote(name: string): string {
  return JSON.stringify(name);
}
