/** Answers to one task, told apart by letters that do not say who gave them. */
import type { DecisionEnd } from '../protocol/team-event.ts';
import type { Finished } from './team.ts';

/** An answer under a letter: who gave it does not count. */
export interface Labelled {
  readonly label: string;
  readonly answer: Finished;
}

/** What was decided, and the facts of it. */
export interface Decided extends Pick<DecisionEnd, 'winner' | 'reason' | 'tally'> {
  readonly answer: Finished;
}

/**
 * Letters in an order of their own, the same for the same span: so that place tells nothing of who
 * answered. The list stays in the crew's order.
 */
export function label(answers: readonly Finished[], seed: string): readonly Labelled[] {
  const order = answers
    .map((_, index) => ({ index, rank: hash(`${seed}#${index}`) }))
    .sort((one, other) => one.rank - other.rank || one.index - other.index);
  const place = new Map(order.map(({ index }, at) => [index, at]));
  return answers.map((answer, index) => ({ label: letter(place.get(index) ?? 0), answer }));
}

/** A, B, …, Z, A1, B1, … */
function letter(at: number): string {
  const round = Math.floor(at / 26);
  return `${String.fromCharCode(65 + (at % 26))}${round === 0 ? '' : round}`;
}

/** FNV-1a, 32 bits: spreads short texts evenly, and is the same everywhere. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const char of text) value = Math.imul(value ^ (char.codePointAt(0) ?? 0), 0x01000193);
  // The last characters alone would hardly reach the high bits.
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  return (value ^ (value >>> 13)) >>> 0;
}

/** For prompts: the answers by letter, in the order of the letters. */
export function listAnswers(labelled: readonly Labelled[]): string {
  return [...labelled]
    .sort((one, other) => compare(one.label, other.label))
    .map((one) => `## Answer ${one.label}\n${one.answer.text}`)
    .join('\n\n');
}

/** A before B, and Z before A1. */
function compare(one: string, other: string): number {
  return one.length - other.length || (one < other ? -1 : 1);
}
