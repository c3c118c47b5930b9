/** Collects everything wrong with a definition, so that its author hears of all of it at once. */
import { type Problem, RegattaError } from './errors.ts';

const SHOWN_CHARS = 80;
/** About 24.8 days. A timer that is given more fires at once. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;

/** A value in an error message: short, on one line. */
export function show(value: unknown): string {
  if (typeof value === 'number') return String(value); // JSON has no Infinity
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  let text: string;
  try {
    text = JSON.stringify(value) ?? String(value);
  } catch {
    text = Object.prototype.toString.call(value); // a cycle or a BigInt: its kind says enough
  }
  return text.length > SHOWN_CHARS ? `${text.slice(0, SHOWN_CHARS)}…` : text;
}

/** Gathers problems of one definition; `throwIfAny` ends the check. */
export class Problems {
  readonly #subject: string;
  readonly #found: Problem[] = [];

  /** `subject` names the definition in the message, such as `Agent "writer"`. */
  constructor(subject: string) {
    this.#subject = subject;
  }

  add(field: string, value: unknown, message: string): void {
    this.#found.push({ field, value: show(value), message });
  }

  /** A required text that is not only blanks. */
  text(field: string, value: unknown): void {
    if (typeof value === 'string' && value.trim() !== '') return;
    this.add(field, value, `${field} must be a non-empty string, got ${show(value)}. Give it a text.`);
  }

  /** An optional whole number of at least `min`. */
  integer(field: string, value: unknown, min: number): void {
    if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= min)) return;
    this.add(
      field,
      value,
      `${field} must be a whole number of at least ${min}, got ${show(value)}. Correct it or leave it out.`,
    );
  }

  /** An optional time in milliseconds: a whole number from `min` to what a timer can wait. */
  duration(field: string, value: unknown, min = 1): void {
    if (
      value === undefined ||
      (Number.isInteger(value) && (value as number) >= min && (value as number) <= MAX_TIMER_MS)
    )
      return;
    this.add(
      field,
      value,
      `${field} must be whole milliseconds from ${min} to ${MAX_TIMER_MS}, got ${String(value)}. Correct it or leave it out.`,
    );
  }

  /** @throws RegattaError `definition/invalid` with every problem found. */
  throwIfAny(): void {
    if (this.#found.length === 0) return;
    const lines = this.#found.map(({ message }) => `- ${message}`).join('\n');
    throw new RegattaError('definition/invalid', `${this.#subject} is not valid.\n${lines}`, {
      subject: this.#subject,
      problems: this.#found,
    });
  }
}
