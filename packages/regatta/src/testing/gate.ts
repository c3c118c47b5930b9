/** A point where work waits until a test lets it on: the way to force a schedule instead of hoping for it. */

export interface Gate {
  /** Waits for `open`, and says that somebody has come. */
  pass(): Promise<void>;
  /** Resolves once somebody waits in `pass`. */
  readonly reached: Promise<void>;
  /** Lets on who waits, and who comes later. Idempotent. */
  open(): void;
}

export function createGate(): Gate {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  return {
    pass: () => {
      reached.resolve();
      return opened.promise;
    },
    reached: reached.promise,
    open: opened.resolve,
  };
}
