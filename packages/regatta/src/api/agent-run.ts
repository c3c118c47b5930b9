/** A run of an agent without a crew, as an engine gets it. */
import type { AgentDefinition } from '../agent/definition.ts';
import { deepFreeze, toJsonOr } from '../base/json.ts';
import type { ParsedBy, Schema } from '../base/schema.ts';
import { agentFingerprint } from '../crew/fingerprint.ts';
import type { Job } from '../ports/engine.ts';
import type { AgentOutput } from './agent-options.ts';
import type { AgentRequest, AgentTerms } from './agent-request.ts';
import { workAlone } from './agent-work.ts';

export function agentJob<Output extends Schema | undefined>(
  agent: AgentDefinition,
  request: AgentRequest,
  terms: AgentTerms,
): Job<AgentOutput<ParsedBy<Output>>> {
  const { inputs, messages, files } = request;
  return {
    name: agent.role,
    inputs: toJsonOr({ ...inputs, input: messages }, null),
    settings: toJsonOr({ inputs, files }, null),
    ref: null,
    // By the schema of the terms.
    start: (context) =>
      workAlone(agent, { ...request, ...terms }, context) as Promise<AgentOutput<ParsedBy<Output>>>,
    show: ({ text, parsed }) => deepFreeze({ text, parsed: toJsonOr(parsed, null) }),
    entries: () => new Map(),
    fingerprint: (defaultLlm) => agentFingerprint(agent, { terms, defaultLlm }),
    revive: () => Promise.reject(new Error('An agent has no ref, so it never leaves this thread.')),
  };
}
