/** How often things were used in a run: for what is rare, so that a run without it costs nothing. */
export class Uses {
  #counts: Map<object, number> | undefined;

  /** Counts this use, and gives how many there have been. */
  count(key: object): number {
    this.#counts ??= new Map();
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count;
  }
}
