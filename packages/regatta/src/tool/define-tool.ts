/** Makes tools: a name, a schema and a function, checked once. */
import { Problems } from '../base/problems.ts';
import { createContract, type InferSchema, type Schema } from '../base/schema.ts';
import type {
  NeedsApproval,
  OnFailure,
  Tool,
  ToolCache,
  ToolContext,
  ToolPolicy,
  UnknownOutcomePolicy,
} from '../ports/tool.ts';
import { checkPolicy } from './policy.ts';

export interface ToolOptions<S extends Schema, Context> {
  /** Letters, digits, `_` and `-`, at most 64: what every provider takes. */
  readonly name: string;
  /** What the tool does and when to use it; the model decides by this text. */
  readonly description: string;
  /** The arguments: Zod, another Standard Schema, or a JSON Schema object. */
  readonly input: S;
  /**
   * Does the work. What it returns goes to the model: text as it is, anything else as JSON. What it
   * throws goes to the model as an error that it may react to; it does not end the run, unless
   * `onFailure` says so.
   */
  readonly execute: (args: InferSchema<S>, context: ToolContext<Context>) => unknown;
  /** Milliseconds for one use, with all that is tried again; waiting for a person does not count. @default 120000 */
  readonly timeoutMs?: number;
  /** Uses allowed in one run. @default no limit */
  readonly maxUses?: number;
  /**
   * Whether a person is asked before a use: always, or where the function does not say `false`. If it
   * throws, the tool is not used.
   *
   * @default false
   */
  readonly needsApproval?:
    | boolean
    | ((args: InferSchema<S>, context: ToolContext<Context>) => boolean | Promise<boolean>);
  /** Milliseconds to wait for the person; then the use is refused. @default as long as the run lasts */
  readonly approvalTimeoutMs?: number;
  /** Keeps results: `toolCache({ … })`. Not for a `sideEffect`. @default none */
  readonly cache?: ToolCache;
  /** How often `execute` is tried again after a failure with `retryable: true`. @default 0 */
  readonly retries?: number;
  /** What a failure of `execute` comes to: the model is told, or the task fails. @default 'answer' */
  readonly onFailure?: OnFailure;
  /** Whether a result is the agent's final answer, if it fits the output schema. @default false */
  readonly resultAsAnswer?: boolean;
  /**
   * Whether a second use for the same call would do harm, such as a payment or a mail: then a run that is
   * resumed never repeats a use whose outcome is not known without a word. @default false
   */
  readonly sideEffect?: boolean;
  /** For `sideEffect`: `ask` a person, `repeat`, or `fail`, which tells the model. @default 'ask' */
  readonly onUnknownOutcome?: UnknownOutcomePolicy;
}

/** Two minutes: longer than a slow page or query, shorter than anybody wants to wait for a hung one. */
const TIMEOUT_MS = 120_000;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/**
 * A tool for agents. It is frozen, holds nothing of a run, and may serve many runs at once.
 *
 * @throws RegattaError `definition/invalid` or `schema/unsupported`.
 * @example
 * const search = defineTool({
 *   name: 'search',
 *   description: 'Searches the product catalogue.',
 *   input: z.object({ query: z.string() }),
 *   execute: ({ query }, { signal }) => catalogue.search(query, { signal }),
 * });
 */
export function defineTool<S extends Schema, Context = unknown>(options: ToolOptions<S, Context>): Tool {
  const { name, description, input, execute, timeoutMs = TIMEOUT_MS, ...rest } = options;
  const needsApproval = rest.needsApproval as NeedsApproval | boolean | undefined; // as `execute` below
  const policy: ToolPolicy = { ...rest, needsApproval, timeoutMs };
  const subject = `Tool "${name}"`;
  const problems = new Problems(subject);
  if (typeof name !== 'string' || !NAME.test(name)) {
    problems.add(
      'name',
      name,
      `name must be 1 to 64 letters, digits, "_" or "-", got ${JSON.stringify(name)}. Rename the tool.`,
    );
  }
  problems.text('description', description);
  if (typeof execute !== 'function') {
    problems.add('execute', execute, 'execute must be a function. Give the function that does the work.');
  }
  checkPolicy(problems, policy);
  problems.throwIfAny();
  const contract = createContract(input, subject);
  return Object.freeze({
    ...policy,
    name,
    description,
    inputSchema: contract.jsonSchema,
    parse: contract.parse,
    // `parse` gave the arguments, so they are of the schema's type; the context is the user's own.
    execute: (args: unknown, context: ToolContext) =>
      execute(args as InferSchema<S>, context as ToolContext<Context>),
  });
}
