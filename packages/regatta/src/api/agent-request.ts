/** What an agent is asked without a crew, and on which terms: checked where it is said. */
import type { AgentDefinition } from '../agent/definition.ts';
import { deepFreeze, isJsonObject } from '../base/json.ts';
import { Problems, show } from '../base/problems.ts';
import { type Contract, createContract, type Schema } from '../base/schema.ts';
import type { Inputs } from '../base/template.ts';
import { checkFiles, type FileSources, toFileSources } from '../context/input-files.ts';
import {
  checkGuardrails,
  GUARDRAIL_MAX_RETRIES,
  type GuardrailDefinition,
  toGuardrails,
} from '../guardrail/definition.ts';
import type { RunRecord } from '../ports/journal.ts';
import type { LlmDefinition } from '../ports/model.ts';
import type { Message } from '../protocol/message.ts';
import type { AgentKickoffOptions } from './agent-options.ts';
import type { CallInput } from './call.ts';
import { toLlm } from './llm.ts';

/** What an agent is asked, checked, as plain data. */
export interface AgentRequest {
  readonly messages: readonly Message[];
  readonly inputs: Inputs;
  readonly files: FileSources;
}

/** How it is to answer. */
export interface AgentTerms {
  readonly contract: Contract | null;
  readonly guardrails: readonly GuardrailDefinition[];
  readonly guardrailLlm: LlmDefinition | undefined;
  readonly guardrailMaxRetries: number;
}

type Asked = Pick<AgentKickoffOptions<never>, 'inputs' | 'inputFiles'>;

/** @throws RegattaError `definition/invalid`. */
export function createAgentRequest(
  agent: AgentDefinition,
  input: CallInput,
  { inputs = {}, inputFiles }: Asked,
): AgentRequest {
  const problems = new Problems(subjectOf(agent));
  if (typeof input === 'string') problems.text('input', input);
  else if (!Array.isArray(input) || input.at(-1)?.role !== 'user') {
    const message = `The input must be a text, or messages of which the last is the user's, got ${show(input)}. Say what is asked.`;
    problems.add('input', input, message);
  }
  const files = toFileSources(inputFiles);
  checkFiles(problems, files);
  problems.throwIfAny();
  return {
    messages: deepFreeze<readonly Message[]>(
      typeof input === 'string' ? [{ role: 'user', content: input }] : structuredClone(input),
    ),
    inputs: Object.freeze({ ...inputs }),
    files,
  };
}

/** @throws RegattaError `definition/invalid` or `schema/unsupported`. */
export function createTerms<Output extends Schema | undefined>(
  agent: AgentDefinition,
  options: Pick<
    AgentKickoffOptions<Output>,
    'output' | 'guardrails' | 'guardrailLlm' | 'guardrailMaxRetries'
  >,
): AgentTerms {
  const { output, guardrailMaxRetries = GUARDRAIL_MAX_RETRIES } = options;
  const subject = subjectOf(agent);
  const problems = new Problems(subject);
  const guardrails = toGuardrails(options.guardrails);
  checkGuardrails(problems, guardrails);
  problems.integer('guardrailMaxRetries', guardrailMaxRetries, 0);
  problems.throwIfAny();
  return {
    contract: output === undefined ? null : createContract(output, subject),
    guardrails,
    guardrailLlm: toLlm(options.guardrailLlm),
    guardrailMaxRetries,
  };
}

function subjectOf({ role }: AgentDefinition): string {
  return `The kickoff of agent "${role}"`;
}

/** What a recorded run was asked. @throws RegattaError `definition/invalid` for the run of something else */
export function requestOf(agent: AgentDefinition, { inputs, settings }: RunRecord): AgentRequest {
  const { input } = isJsonObject(inputs) ? inputs : {};
  const own = (isJsonObject(settings) ? settings : {}) as unknown as Partial<AgentRequest>; // `agentJob` wrote it
  const request = createAgentRequest(agent, input as unknown as CallInput, own); // checked there
  return { ...request, files: own.files ?? {} };
}
