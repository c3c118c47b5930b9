/** An agent at work without a crew: what it is asked, and what comes out. */
import type { AgentDefinition } from '../agent/definition.ts';
import { runAgent } from '../agent/loop.ts';
import { deepFreeze, toJsonOr } from '../base/json.ts';
import { Problems, show } from '../base/problems.ts';
import { type Contract, createContract, type ParsedBy, type Schema } from '../base/schema.ts';
import { checkInputs, checkJson, type Inputs, interpolate, placeholdersOf } from '../base/template.ts';
import { introduce } from '../context/prompt.ts';
import { appendToTask } from '../context/style.ts';
import { shapeRequest } from '../model/shaped.ts';
import type { BudgetLimits } from '../observe/budget.ts';
import type { Job } from '../ports/engine.ts';
import type { RunContext } from '../ports/run-context.ts';
import type { Work } from '../ports/span.ts';
import type { Message } from '../protocol/message.ts';
import type { UsageReport } from '../protocol/usage.ts';
import type { OnInput } from '../run/inputs.ts';
import type { JournalInput } from '../run/journals.ts';
import type { CallInput } from './call.ts';
import type { Callback } from './callback.ts';
import type { RuntimeHolder } from './core.ts';

export interface AgentKickoffOptions<Output extends Schema | undefined = undefined> {
  /** The shape of the answer: Zod, another Standard Schema, or a JSON Schema object. @default free text */
  readonly output?: Output;
  /** Values for the `{placeholders}` of role, goal and backstory. The input is taken as it is. */
  readonly inputs?: Inputs;
  /** What tools and memories get as `context`. Never in events or journals. */
  readonly context?: unknown;
  readonly signal?: AbortSignal;
  readonly callbacks?: readonly Callback[];
  /** What this run may spend. @default no limit */
  readonly budget?: BudgetLimits;
  /** Ask for answers in pieces; they are `model.delta` events. `agent.stream` always does. @default false */
  readonly stream?: boolean;
  /** Events kept for `run.events()`. @default 10000 */
  readonly bufferSize?: number;
  /** Where the run is recorded: a journal, or the path of a SQLite file. @default the runtime's */
  readonly journal?: JournalInput;
  /** Where a person is needed: as of a crew's `kickoff`. @default 'wait' */
  readonly onInput?: OnInput;
  /** @default the process's */
  readonly runtime?: RuntimeHolder;
}

/** What an agent gave that was asked without a crew. */
export interface AgentOutput<Parsed = undefined> {
  readonly runId: string;
  /** The final answer as text. */
  readonly text: string;
  /** The answer by the schema; undefined without one. */
  readonly parsed: Parsed;
  /** The whole conversation, from the system message to the answer. */
  readonly messages: readonly Message[];
  readonly usage: UsageReport;
}

/** What an agent is asked, checked. */
export interface AgentRequest {
  readonly messages: readonly Message[];
  readonly contract: Contract | null;
  readonly inputs: Inputs;
}

/** @throws RegattaError `definition/invalid` or `schema/unsupported`. */
export function createAgentRequest(
  { role }: AgentDefinition,
  input: CallInput,
  { output, inputs = {} }: Pick<AgentKickoffOptions<Schema | undefined>, 'output' | 'inputs'>,
): AgentRequest {
  const subject = `The kickoff of agent "${role}"`;
  const problems = new Problems(subject);
  if (typeof input === 'string') problems.text('input', input);
  else if (!Array.isArray(input) || input.at(-1)?.role !== 'user') {
    const message = `The input must be a text, or messages of which the last is the user's, got ${show(input)}. Say what is asked.`;
    problems.add('input', input, message);
  }
  problems.throwIfAny();
  return {
    messages: deepFreeze<readonly Message[]>(
      typeof input === 'string' ? [{ role: 'user', content: input }] : structuredClone(input),
    ),
    contract: output === undefined ? null : createContract(output, subject),
    inputs: Object.freeze({ ...inputs }),
  };
}

export function agentJob<Output extends Schema | undefined>(
  agent: AgentDefinition,
  request: AgentRequest,
): Job<AgentOutput<ParsedBy<Output>>> {
  const { inputs, messages } = request;
  return {
    name: agent.role,
    inputs: toJsonOr({ ...inputs, input: messages }, null),
    ref: null,
    // By the schema that the request was made with.
    start: (context) => work(agent, request, context) as Work<AgentOutput<ParsedBy<Output>>>,
    show: ({ text, parsed }) => deepFreeze({ text, parsed: toJsonOr(parsed, null) }),
    entries: () => new Map(),
    revive: () => Promise.reject(new Error('An agent has no ref, so it never leaves this thread.')),
  };
}

async function* work(
  agent: AgentDefinition,
  { messages, contract, inputs }: AgentRequest,
  context: RunContext,
): Work<AgentOutput<unknown>> {
  const { runId, meter } = context;
  const persona = fillIn(agent, inputs);
  const { role } = persona;
  const llm = agent.llm ?? context.facts.defaultLlm;
  const asked = contract === null ? messages : appendToTask(messages, shapeRequest(contract.jsonSchema));
  const assignment = {
    messages: deepFreeze<readonly Message[]>([introduce(persona), ...asked]),
    model: context.resolveModel(llm, `Agent "${role}"`),
    modelScope: llm?.scope ?? [],
    tools: agent.tools,
    contract,
  };
  const inner = context.child('agent', { agent: role, scope: agent.scope });
  const answered = yield* runAgent({ ...agent, ...persona }, assignment, inner);
  const { text, parsed } = answered;
  return Object.freeze({
    runId,
    text,
    parsed,
    messages: deepFreeze(answered.messages),
    usage: meter.report(),
  });
}

/** @throws RegattaError `inputs/missing` or `inputs/not-json` before a model is asked. */
function fillIn({ role, goal, backstory }: AgentDefinition, inputs: Inputs) {
  checkJson(inputs);
  checkInputs(placeholdersOf([role, goal, backstory]), inputs);
  const fill = (text: string): string => interpolate(text, inputs);
  return { role: fill(role), goal: fill(goal), backstory: fill(backstory) };
}
