/**
 * What the keyboard says: the first interrupt asks the runs to end, the second ends the process.
 *
 * npm passes a key press on to the process that has already got it from the terminal, so signals
 * that follow at once are the same one.
 */

export interface Interrupt extends Disposable {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** `128 +` the number of the signal; undefined as long as there was none. */
  readonly exitCode: number | undefined;
}

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
/** Milliseconds in which a second signal is the echo of the first. */
const ECHO_MS = 300;

/** `onInterrupt` is told of the first signal. */
export function watchInterrupts(onInterrupt: (message: string) => void): Interrupt {
  const controller = new AbortController();
  let first: { readonly exitCode: number; readonly at: number } | undefined;
  const handle = (name: keyof typeof SIGNALS): void => {
    const now = performance.now();
    if (first !== undefined) {
      if (now - first.at > ECHO_MS) process.exit(first.exitCode);
      return;
    }
    first = { exitCode: SIGNALS[name], at: now };
    onInterrupt(`${name}: cancelling the runs. Press Ctrl-C again to quit at once.`);
    controller.abort(new Error(`interrupted by ${name}`));
  };
  const handlers = [
    ['SIGINT', () => handle('SIGINT')],
    ['SIGTERM', () => handle('SIGTERM')],
  ] as const;
  for (const [name, handler] of handlers) process.on(name, handler);
  return {
    signal: controller.signal,
    get exitCode() {
      return first?.exitCode;
    },
    [Symbol.dispose]() {
      for (const [name, handler] of handlers) process.off(name, handler);
    },
  };
}
