/** Failures of tools that say more than their text. */

export interface ToolErrorOptions {
  /** The tool's own word for what went wrong, such as `not-found`. @default null */
  readonly code?: string;
  /** Whether the same use may succeed later: then it is tried again, if the tool has `retries`. @default false */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * What a tool throws to say how it failed. Any error with a `code` text and `retryable: true` does as well.
 *
 * @example
 * throw new ToolError('The archive is being backed up.', { code: 'busy', retryable: true });
 */
export class ToolError extends Error {
  override readonly name = 'ToolError';
  readonly code: string | null;
  readonly retryable: boolean;

  constructor(message: string, { code, retryable = false, cause }: ToolErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code ?? null;
    this.retryable = retryable;
  }
}
