/** Errors as plain data. */
import { type ErrorCode, isRegattaError, messageOf, RegattaError } from './errors.ts';
import { type Json, toJson } from './json.ts';

/** The class of whatever is not one of ours. */
const FOREIGN_CODE = 'unknown';

/** Code, message and details of anything thrown. Stacks stay out: they name files and may hold values. */
export function toErrorData(error: unknown): {
  readonly code: string;
  readonly message: string;
  readonly details: Json;
} {
  if (isRegattaError(error)) {
    return Object.freeze({ code: error.code, message: error.message, details: toJson(error.details) });
  }
  return Object.freeze({ code: FOREIGN_CODE, message: messageOf(error), details: null });
}

/** The error that `toErrorData` was given, as near as plain data can be. */
export function fromErrorData({ code, message, details }: ReturnType<typeof toErrorData>): Error {
  if (code === FOREIGN_CODE) return new Error(message);
  return new RegattaError(code as ErrorCode, message, details as never); // both were those of a RegattaError
}
