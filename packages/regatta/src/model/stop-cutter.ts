/** Cuts a text at the first stop sequence, also when it comes in pieces. */

/** `text` up to the one of `stop` that is complete first, or undefined when it holds none. */
export function cutAtStop(text: string, stop: readonly string[]): string | undefined {
  const at = firstStop(text, stop);
  return at === -1 ? undefined : text.slice(0, at);
}

export class StopCutter {
  readonly #stop: readonly string[];
  /** The end of what came, as far as it may be the beginning of a stop sequence. */
  #held = '';
  #isCut = false;

  constructor(stop: readonly string[]) {
    this.#stop = stop;
  }

  /** Whether a stop sequence has come: what comes after it counts for nothing. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** What may be shown, now that `piece` has come. */
  push(piece: string): string {
    if (this.#isCut) return '';
    const text = this.#held + piece;
    const at = firstStop(text, this.#stop);
    this.#isCut = at !== -1;
    const end = this.#isCut ? at : text.length - this.#lengthOfBeginning(text);
    this.#held = this.#isCut ? '' : text.slice(end);
    return text.slice(0, end);
  }

  /** What was held back: the text has ended, and it was no stop sequence. */
  flush(): string {
    const held = this.#held;
    this.#held = '';
    return held;
  }

  #lengthOfBeginning(text: string): number {
    let longest = 0;
    for (const sequence of this.#stop) {
      for (let length = Math.min(sequence.length - 1, text.length); length > longest; length--) {
        if (text.endsWith(sequence.slice(0, length))) longest = length;
      }
    }
    return longest;
  }
}

function firstStop(text: string, stop: readonly string[]): number {
  // Where it ends counts: so a provider sees it, and so it is seen in a text that comes in pieces.
  let first = { at: -1, end: Number.POSITIVE_INFINITY };
  for (const sequence of stop) {
    const at = text.indexOf(sequence);
    const end = at + sequence.length;
    if (at !== -1 && (end < first.end || (end === first.end && at < first.at))) first = { at, end };
  }
  return first.at;
}
