/** Errors as plain data that becomes an error again: code, message, details, and the stack as text. */
import { type ErrorCode, isRegattaError, messageOf, RegattaError } from '../../base/errors.ts';
import { type Json, toJsonOr } from '../../base/json.ts';

export interface WireError {
  readonly name: string;
  /** Null for what is not one of our errors. */
  readonly code: string | null;
  readonly message: string;
  readonly details: Json;
  readonly stack: string | null;
  readonly cause: WireError | null;
}

/** Causes that are kept below an error: more than anybody reads, and an end to a circle of them. */
const MAX_CAUSES = 8;

/** Anything thrown as plain data. Never throws, whatever was thrown. */
export function toWireError(thrown: unknown, depth = 0): WireError {
  const isError = thrown instanceof Error;
  const isOurs = isRegattaError(thrown);
  const hasCause = isError && thrown.cause !== undefined && depth < MAX_CAUSES;
  return {
    name: textOf(() => (isError ? thrown.name : 'Error')),
    code: isOurs ? thrown.code : null,
    message: textOf(() => messageOf(thrown)),
    details: isOurs ? toJsonOr(thrown.details, null) : null,
    stack: isError ? textOf(() => thrown.stack) : null,
    cause: hasCause ? toWireError(thrown.cause, depth + 1) : null,
  };
}

/** The error that `toWireError` was given, as near as text can be. */
export function fromWireError({ name, code, message, details, stack, cause }: WireError): Error {
  const options = cause === null ? {} : { cause: fromWireError(cause) };
  const error =
    code === null
      ? Object.assign(new Error(message, options), { name })
      : new RegattaError(code as ErrorCode, message, details as never, options); // both were those of a RegattaError
  if (stack !== null) error.stack = stack; // where it was thrown, which is what a reader wants to know
  return error;
}

/** Some values throw when they are turned into text, and fields of an error may be anything. */
function textOf(read: () => unknown): string {
  try {
    return String(read());
  } catch {
    return 'a value that cannot be shown'; // the text is all that was wanted of it
  }
}
