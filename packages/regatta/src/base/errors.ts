/**
 * One error class, one union of codes. Callers branch on `code`, never on the message.
 *
 * Details are plain data with the values in hand, so an error survives a journal or a wire. They
 * never hold a run, an agent or a request, and never a secret or the text of a prompt.
 */

/** One thing wrong with a definition or an input. `field` is a path such as `tasks[1].agent`. */
export interface Problem {
  readonly field: string;
  /** The value as it was given, shortened; never a secret. */
  readonly value: string;
  /** What is wrong, then what to do about it: two sentences. */
  readonly message: string;
}

/** One thing wrong with the files of a project. */
export interface ProjectProblem {
  /** From the project's folder. */
  readonly file: string;
  /** Lines and columns count from 1; null for what has no place in a file. */
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

/** What is known of a failed model call. */
export interface ModelFailure {
  /** `provider/model`. */
  readonly model: string;
  /** HTTP status, or null when no answer came. */
  readonly status: number | null;
  /** True if the same call may succeed later. */
  readonly retryable: boolean;
  /** What the provider asked to wait, in milliseconds, or null. */
  readonly retryAfterMs: number | null;
  /** The provider's own code or type, such as `insufficient_quota`, or null. */
  readonly providerCode: string | null;
  /** For `model/timeout`: which of our limits was passed. Absent where the provider gave up. */
  readonly timeout?: 'connect' | 'first-token' | 'idle' | 'total';
}

/** Facts carried by each code. */
export interface ErrorDetails {
  'definition/invalid': { readonly subject: string; readonly problems: readonly Problem[] };
  'inputs/missing': { readonly names: readonly string[]; readonly given: readonly string[] };
  'inputs/not-json': { readonly names: readonly string[] };
  'schema/unsupported': { readonly subject: string; readonly vendor: string | null };
  'llm/bad-model': { readonly value: string };
  'llm/unknown-provider': { readonly provider: string; readonly known: readonly string[] };
  'llm/missing': { readonly agent: string };
  'llm/missing-key': { readonly provider: string; readonly variable: string };
  'llm/missing-base-url': { readonly provider: string; readonly variable: string };
  'llm/missing-package': { readonly provider: string; readonly package: string; readonly command: string };
  'llm/no-embeddings': { readonly provider: string; readonly known: readonly string[] };
  'model/authentication': ModelFailure;
  'model/permission': ModelFailure;
  'model/not-found': ModelFailure;
  'model/rate-limit': ModelFailure;
  'model/quota': ModelFailure;
  'model/context-length': ModelFailure;
  'model/content-filter': ModelFailure;
  'model/invalid-request': ModelFailure;
  'model/overloaded': ModelFailure;
  'model/timeout': ModelFailure;
  'model/network': ModelFailure;
  'model/malformed-response': ModelFailure;
  'model/failed': ModelFailure;
  'model/circuit-open': ModelFailure;
  'tool/unknown': { readonly tool: string; readonly known: readonly string[] };
  'tool/invalid-arguments': { readonly tool: string; readonly problems: readonly Problem[] };
  'tool/failed': {
    readonly tool: string;
    /** The tool's own code, or null. */
    readonly toolCode: string | null;
    /** True if the tool says that the same use may succeed later. */
    readonly retryable: boolean;
  };
  'tool/timeout': { readonly tool: string; readonly timeoutMs: number };
  'tool/refused': { readonly tool: string; readonly reason: string };
  /** `because`: the tool of the same turn that failed. */
  'tool/cancelled': { readonly because: string };
  /** A tool was asked for something outside of what it is confined to. `value`: the path, host or address. */
  'tool/confined': { readonly to: 'folder' | 'hosts'; readonly value: string };
  'tool/missing-package': { readonly tool: string; readonly package: string; readonly command: string };
  'tool/unknown-outcome': { readonly tool: string };
  'tool/use-limit': { readonly tool: string; readonly maxUses: number };
  'context/too-long': {
    readonly model: string;
    /** Tokens that prompt and answer may have together. */
    readonly contextWindow: number;
    /** Of them, kept for the answer. */
    readonly reservedTokens: number;
    /** What the request takes at least. */
    readonly tokens: number;
  };
  'agent/no-answer': { readonly agent: string; readonly calls: number };
  'agent/timeout': { readonly agent: string; readonly maxExecutionTimeMs: number };
  'agent/step-callback': { readonly agent: string; readonly turn: number };
  'memory/failed': { readonly store: string; readonly action: 'recall' | 'remember' | 'reset' };
  'output/invalid': {
    readonly agent: string;
    readonly problems: readonly Problem[];
    /** What the model last answered, whole, so that nothing is lost. */
    readonly text: string;
  };
  'delegation/unknown-coworker': { readonly coworker: string; readonly known: readonly string[] };
  'delegation/cycle': { readonly coworker: string; readonly chain: readonly string[] };
  'delegation/too-deep': { readonly chain: readonly string[]; readonly maxDelegationDepth: number };
  'delegation/failed': { readonly coworker: string; readonly code: string };
  'consensus/no-quorum': {
    readonly task: string;
    readonly answered: number;
    readonly quorum: number;
    readonly failed: readonly { readonly agent: string; readonly code: string }[];
  };
  'consensus/bad-decision': { readonly task: string; readonly decision: string };
  'plan/step-timeout': { readonly step: string; readonly stepTimeoutMs: number };
  'training/bad-file': { readonly file: string; readonly problems: readonly Problem[] };
  /** The last answer, whole, and all that was wrong with it. */
  'guardrail/rejected': { readonly agent: string; readonly feedback: string; readonly text: string };
  'guardrail/failed': { readonly guardrail: string };
  'hook/failed': { readonly hook: string };
  'hook/timeout': { readonly hook: string; readonly timeoutMs: number };
  'file/not-readable': { readonly name: string; readonly path: string };
  'file/unknown-type': { readonly name: string };
  'file/outside': { readonly file: string; readonly directory: string };
  'file/not-written': { readonly file: string };
  'task/cancelled': { readonly because: string };
  'guard/denied': { readonly guard: string; readonly at: string };
  'guard/timeout': { readonly guard: string; readonly at: string; readonly timeoutMs: number };
  'budget/exceeded': {
    /** Whose budget: `run`, `crew` or `runtime`. */
    readonly owner: string;
    readonly limit: 'usd' | 'tokens' | 'calls';
    readonly max: number;
    /** Spent, and reserved by calls under way, before this call. */
    readonly used: number;
    /** What this call may need at most. */
    readonly asked: number;
  };
  'budget/unpriced': { readonly owner: string; readonly model: string };
  'limit/too-small': { readonly owner: string; readonly tokensPerMinute: number; readonly asked: number };
  'graph/duplicate-task': { readonly task: string };
  'graph/unknown-task': { readonly task: string; readonly missing: string };
  'graph/cycle': { readonly tasks: readonly string[] };
  'input/unknown-token': { readonly runId: string; readonly token: string };
  'input/invalid-answer': { readonly kind: string; readonly answer: string };
  'input/timeout': { readonly token: string; readonly timeoutMs: number };
  'run/suspended': { readonly runId: string; readonly tokens: readonly string[] };
  'run/cancelled': { readonly runId: string; readonly reason: string };
  'run/failed': { readonly runId: string };
  'run/worker-lost': { readonly runId: string; readonly exitCode: number | null };
  'engine/no-ref': { readonly engine: string; readonly crew: string };
  'engine/missing-package': { readonly engine: string; readonly package: string; readonly command: string };
  'engine/bad-port': { readonly port: number };
  'engine/in-use': { readonly engine: string };
  'engine/no-module': { readonly crew: string; readonly known: readonly string[] };
  'engine/unknown-run': { readonly runId: string };
  'engine/unknown-schedule': { readonly name: string; readonly known: readonly string[] };
  'engine/not-portable': { readonly engine: string; readonly field: string };
  'engine/crew-not-found': { readonly module: string; readonly export: string };
  'journal/missing': { readonly option: string };
  'journal/unknown-run': { readonly runId: string };
  'journal/unknown-step': { readonly runId: string; readonly from: string };
  'journal/run-exists': { readonly runId: string };
  'journal/held': {
    readonly runId: string;
    readonly heldBy: string;
    /** When it is free if its holder gives no sign of life, milliseconds since the epoch; null = never by itself. */
    readonly untilMs: number | null;
  };
  'journal/lost': { readonly runId: string; readonly epoch: number };
  'journal/code-changed': { readonly runId: string; readonly changes: readonly string[] };
  'journal/failed': { readonly file: string | null };
  'journal/bad-file': { readonly file: string };
  'postgres/missing-package': { readonly package: string; readonly command: string };
  'postgres/unreachable': {
    /** The driver's or PostgreSQL's code, such as `ECONNREFUSED` or `28P01`, or null. */
    readonly code: string | null;
  };
  'postgres/wrong-version': { readonly found: number; readonly known: number };
  'runtime/closed': { readonly state: string };
  'callbacks/unknown-name': { readonly name: string; readonly known: readonly string[] };
  'callbacks/missing-variable': { readonly name: string; readonly variable: string };
  'callbacks/not-durable': { readonly name: string; readonly owner: string };
  'callbacks/delivery-failed': { readonly name: string; readonly status: number | null };
  'cassette/missing': { readonly file: string; readonly model: string | null };
  'cassette/drift': {
    readonly file: string;
    readonly model: string;
    /**
     * Fields of the request, shortened to what differs. Parts of prompts, for once: a test's author must see
     * them, and secrets are taken out as they are in the file.
     */
    readonly differences: readonly {
      readonly field: string;
      readonly recorded: string | null;
      readonly asked: string | null;
    }[];
  };
  'cassette/bad-file': { readonly file: string };
  'project/not-found': { readonly folder: string };
  'project/invalid': { readonly folder: string; readonly problems: readonly ProjectProblem[] };
  'cli/file-not-found': { readonly file: string };
  'cli/file-exists': { readonly file: string };
  'cli/bad-module': { readonly file: string };
  'cli/no-crew': { readonly file: string; readonly exports: readonly string[] };
  'cli/no-terminal': { readonly token: string };
  'cli/bad-option': { readonly option: string; readonly value: string };
}

export type ErrorCode = keyof ErrorDetails;

/** Every error this package throws. */
export class RegattaError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'RegattaError';
  readonly code: C;
  readonly details: ErrorDetails[C];

  /** `message` says what went wrong, then what to do about it, with the values in hand. */
  constructor(code: C, message: string, details: ErrorDetails[C], options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/**
 * Narrows to one of our errors, and by `code` to its details. Also true for an error that another
 * copy of this package threw, which `instanceof` would miss.
 */
export function isRegattaError<C extends ErrorCode>(error: unknown, code?: C): error is RegattaError<C> {
  return (
    error instanceof Error &&
    error.name === 'RegattaError' &&
    'code' in error &&
    (code === undefined || error.code === code)
  );
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
