/**
 * While a command runs, `console` writes where its progress is shown.
 *
 * What a crew's tools log would else break the lines that are drawn in place, and with `--json` the
 * document on stdout. The command line owns its process, so it may do this; the library never does.
 */
import { Console } from 'node:console';
import { Writable } from 'node:stream';

/** Gives `console` back when it is disposed. */
export function captureConsole(print: (text: string) => void): Disposable {
  const original = globalThis.console;
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      print(String(chunk));
      done();
    },
  });
  globalThis.console = new Console({ stdout: stream, stderr: stream });
  return {
    [Symbol.dispose]() {
      globalThis.console = original;
    },
  };
}
