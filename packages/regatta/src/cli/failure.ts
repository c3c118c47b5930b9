/** Errors as the command line prints them, and as plain data. */
import { type ErrorData, isRegattaError, type Json } from '../index.ts';
import { clean, hidePasswords } from './text.ts';

/** Exit codes: a run failed, and the command could not start one. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
/** A run waits for a person, and can be resumed. */
export const EXIT_SUSPENDED = 3;

export function toErrorData(error: unknown): ErrorData {
  if (isRegattaError(error)) {
    const details = JSON.parse(JSON.stringify(error.details)) as Json; // JSON.parse yields nothing but Json
    return { code: error.code, message: error.message, details };
  }
  return { code: 'unknown', message: error instanceof Error ? error.message : String(error), details: null };
}

/** `error cli/no-crew: message` */
export function formatError({ code, message }: Pick<ErrorData, 'code' | 'message'>): string {
  return `error ${code}: ${clean(hidePasswords(message))}`;
}

/** The mend in terms of the command line, where an error names the one in code. */
export function hintOf(error: unknown): string | undefined {
  if (isRegattaError(error, 'inputs/missing')) {
    return `give ${error.details.names.map((name) => `--input ${name}=…`).join(' ')}`;
  }
  if (isRegattaError(error, 'run/suspended')) {
    const { runId, tokens } = error.details;
    const answers = tokens.map((token) => `regatta runs respond ${token} '<answer as JSON>' --journal FILE`);
    return `${answers.join('; ')}; then regatta resume ${runId} --journal FILE`;
  }
  if (isRegattaError(error, 'llm/missing')) return 'give --llm provider/model, or --rehearse';
  return undefined;
}
