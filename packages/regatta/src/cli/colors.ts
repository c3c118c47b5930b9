/** Colours for a stream that shows them, and none for one that does not. */
import type { WriteStream } from 'node:tty';
import picocolors from 'picocolors';

export type Colors = ReturnType<typeof picocolors.createColors>;

/** Without a terminal never; on one as NO_COLOR, TERM and its kind say. */
export function colorsFor(stream: NodeJS.WriteStream): Colors {
  return picocolors.createColors(isTerminal(stream) && stream.hasColors());
}

/** Whether the cursor of `stream` can be moved. */
export function isTerminal(stream: NodeJS.WriteStream): stream is WriteStream & { fd: 1 | 2 } {
  return stream.isTTY === true && process.env.TERM !== 'dumb';
}
