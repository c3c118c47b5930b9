/** How an agent asks its model: by which protocol, with what ends an answer, and so that it fits. */
import { fitted } from '../context/fitted.ts';
import { stopOf } from '../context/style.ts';
import type { Ask } from '../context/summary.ts';
import { callModel } from '../model/call-model.ts';
import { endingAt } from '../model/stopped.ts';
import { toolGuide } from '../model/text-protocol.ts';
import { textTools } from '../model/text-tools.ts';
import type { Model, ToolSpec } from '../ports/model.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Scope } from '../ports/scope.ts';
import type { AgentDefinition } from './definition.ts';

export interface Asking {
  readonly model: Model;
  readonly modelScope: Scope;
  readonly tools: readonly ToolSpec[];
  /** Messages that open the conversation. */
  readonly opening: number;
  /** Written as calls are made, so that a failure can still say how many there were. */
  readonly tally: { calls: number };
}

export function createAsk(agent: AgentDefinition, asking: Asking, context: RunContext): Ask {
  const { modelScope, tools, opening, tally } = asking;
  const isText = agent.toolProtocol === 'text';
  const ending = endingAt(asking.model, stopOf(agent));
  const model = isText ? textTools(ending) : ending;
  const ask: Ask = (request, key, how) => {
    tally.calls++;
    const call = context.child(key, { scope: modelScope });
    return callModel(model, request, how === 'whole' ? call.withoutDeltas() : call);
  };
  if (!agent.respectContextWindow) return ask;
  const extra = isText && tools.length > 0 ? toolGuide(tools) : '';
  return fitted(ask, { model, opening, extra }, context);
}
