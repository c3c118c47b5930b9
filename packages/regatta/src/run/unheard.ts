/** Runs whose requests nobody may hear of. */
import type { ObserverEntry, Scope } from '../ports/scope.ts';
import type { PendingInput } from '../protocol/input.ts';

/** Told once of a run that waits for a person, and has neither handle nor journal nor anybody who hears. */
export type OnUnheardInput = (request: PendingInput) => void;

/** Whether a callback asks for requests by name: who hears all events may do no more than write them down. */
export function isHeard(scope: Scope): boolean {
  return scope.some((entry) => entry.kind === 'observer' && !isSink(entry) && asksForRequests(entry));
}

function asksForRequests({ on }: ObserverEntry): boolean {
  return on?.some((pattern) => pattern === 'input.*' || pattern === 'input.start') === true;
}

/** Ours write events down, and answer nobody. */
function isSink({ key }: ObserverEntry): boolean {
  return typeof key === 'string' && /^(sink|integration):/.test(key);
}

export function unheardText({ runId, question, token }: PendingInput): string {
  return `Run "${runId}" waits for a person, and nobody may hear of it: "${question}" (token "${token}"). Give onInput a function that answers, or use start() and answer with run.respond(token, answer).`;
}
