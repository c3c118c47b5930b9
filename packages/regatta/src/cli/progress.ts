/**
 * What is shown while runs are under way: lanes that are drawn in place on a terminal, and plain
 * lines where there is none.
 */
import type { ReadableEvent } from '../index.ts';
import { countOf, formatCost, formatDuration } from './amount.ts';
import { colorsFor, isTerminal } from './colors.ts';
import { elapsedMs, type Lane } from './lane.ts';
import { renderLanes } from './lanes.ts';
import { Screen } from './screen.ts';
import { clean, oneLine } from './text.ts';

export interface Progress extends Disposable {
  /** Shows `lanes`. */
  start(lanes: readonly Lane[]): void;
  /** `lane`, at `index` of those that were started with, after `event`. */
  update(index: number, lane: Lane, event: ReadableEvent | null): void;
  /** Shows whole lines of text beside the progress. */
  print(text: string): void;
  /** Leaves the terminal to somebody else, until it is given back. */
  hold(): Disposable;
}

/** Milliseconds between two pictures. */
const FRAME_MS = 100;
/** Of a terminal that does not say how large it is. */
const COLUMNS = 80;
const ROWS = 24;

export function createProgress(stream: NodeJS.WriteStream): Progress {
  return isTerminal(stream) ? liveProgress(stream) : plainProgress(stream);
}

function liveProgress(stream: NodeJS.WriteStream): Progress {
  const colors = colorsFor(stream);
  const lanes: Lane[] = [];
  const columns = (): number => stream.columns || COLUMNS;
  const screen = new Screen({
    get columns() {
      return columns();
    },
    write: (text) => stream.write(text),
  });
  const draw = (): void => {
    screen.draw(
      renderLanes(lanes, { columns: columns(), rows: stream.rows || ROWS, now: Date.now(), colors }),
    );
  };
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    draw();
    screen[Symbol.dispose]();
  };
  return {
    start(given) {
      lanes.push(...given);
      draw();
      timer = setInterval(draw, FRAME_MS);
    },
    update(index, lane) {
      lanes[index] = lane;
    },
    print: (text) => screen.print(withBreak(text)),
    hold() {
      if (timer === undefined) return { [Symbol.dispose]: () => undefined };
      stop();
      return {
        [Symbol.dispose]() {
          draw();
          timer = setInterval(draw, FRAME_MS);
        },
      };
    },
    [Symbol.dispose]() {
      if (timer === undefined) return;
      stop();
      stream.write('\n'); // what follows stands apart
    },
  };
}

function plainProgress(stream: NodeJS.WriteStream): Progress {
  return {
    start: () => undefined,
    update(_index, lane, event) {
      const line = event === null ? undefined : plainLine(lane, event);
      if (line !== undefined) stream.write(`${line}\n`);
    },
    print: (text) => stream.write(withBreak(clean(text))),
    hold: () => ({ [Symbol.dispose]: () => undefined }),
    [Symbol.dispose]: () => undefined,
  };
}

/** What to say of `event` where lines cannot be drawn again; `lane` is the run after it. Undefined = nothing. */
export function plainLine(lane: Lane, event: ReadableEvent): string | undefined {
  const name = oneLine(lane.name);
  if (event.type === 'task.end') {
    const { task, status, error, because } = event;
    const reason =
      error !== null ? `: ${error.code}` : because !== null ? `: task ${because} was not done` : '';
    return `${name}: task ${oneLine(task)} ${status}${reason} (${lane.doneTasks}/${lane.taskCount} done)`;
  }
  if (event.type === 'run.end') {
    const { status, error, time } = event;
    const amounts = `${countOf(lane.calls, 'call')}, ${countOf(lane.tokens, 'token')}, cost ${formatCost(lane.tokens, lane.costUsd)}`;
    const reason = error === null ? '' : `: ${error.code}`;
    return `${name}: ${status} after ${formatDuration(elapsedMs(lane, time) ?? 0)}${reason} (${amounts})`;
  }
  return undefined;
}

function withBreak(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
