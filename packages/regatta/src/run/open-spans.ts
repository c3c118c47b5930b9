/**
 * The spans of a run that have started and not ended.
 *
 * Whoever works ends its own spans. What is left when the work is over (a thread was lost, an engine
 * of somebody else's forgot) is ended here: every start has its one end, whatever happens.
 */
import type { EventDraft } from '../ports/span.ts';
import type { EventBody } from '../protocol/event.ts';
import type { ErrorData } from '../protocol/output.ts';
import { NO_USAGE } from '../protocol/usage.ts';

export class OpenSpans {
  /** By id, since a draft from elsewhere brings a span object of its own. A span has one start, of one noun. */
  readonly #starts = new Map<string, EventDraft>();

  track(draft: EventDraft): void {
    const { type } = draft.body;
    if (type.endsWith('.start')) this.#starts.set(draft.span.id, draft);
    else if (type.endsWith('.end')) this.#starts.delete(draft.span.id);
  }

  /** The missing ends, innermost first. */
  close(error: ErrorData): readonly EventDraft[] {
    const open = [...this.#starts.values()].reverse();
    this.#starts.clear();
    return open.flatMap(({ span, body }) => {
      const end = endOf(body, error);
      return end === undefined ? [] : [{ span, body: end }];
    });
  }
}

function endOf(start: EventBody, error: ErrorData): EventBody | undefined {
  switch (start.type) {
    case 'task.start':
      return {
        type: 'task.end',
        task: start.task,
        status: 'failed',
        text: null,
        parsed: null,
        error,
        because: null,
      };
    case 'agent.start':
      return { type: 'agent.end', agent: start.agent, calls: 0, text: null, error };
    case 'model.start':
      return {
        type: 'model.end',
        model: start.model,
        message: null,
        finishReason: null,
        usage: NO_USAGE,
        costUsd: null,
        attempts: 1,
        error,
      };
    case 'embed.start': {
      const { model, texts } = start;
      const unknown = { dimensions: null, usage: NO_USAGE, costUsd: null };
      return { type: 'embed.end', model, texts, ...unknown, attempts: 1, error };
    }
    case 'tool.start':
      return { type: 'tool.end', tool: start.tool, callId: start.callId, result: '', error };
    case 'guardrail.start': {
      const { guardrail } = start;
      return { type: 'guardrail.end', guardrail, accepted: null, feedback: null, text: null, error };
    }
    case 'memory.start':
      return { type: 'memory.end', store: start.store, action: start.action, count: 0, error };
    case 'input.start':
      return { type: 'input.end', token: start.token, answer: null, error };
    case 'delegation.start':
      return { type: 'delegation.end', coworker: start.coworker, text: null, error };
    case 'plan.start':
      return { type: 'plan.end', of: start.of, items: [], error };
    case 'step.start':
      return { type: 'step.end', step: start.step, text: null, error };
    case 'review.start':
      return { type: 'review.end', accepted: null, feedback: {}, error };
    case 'decision.start':
      return { type: 'decision.end', winner: null, reason: null, tally: null, error };
    default:
      return undefined; // the run's own end is written by the run
  }
}
