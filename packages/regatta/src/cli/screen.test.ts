import { expect, test } from 'vitest';
import { Screen } from './screen.ts';

const ESC = '\x1b';

/** As much of a terminal as the screen needs: lines, a cursor, and the codes that it is sent. */
function createTerminal(columns: number) {
  const rows: string[] = [''];
  let row = 0;
  let column = 0;
  let isCursorShown = true;
  const codes = new RegExp(`${ESC}\\[(\\?25[lh]|\\d*[AJK])|\\r|\\n|[^${ESC}\\r\\n]+`, 'g');
  return {
    columns,
    write(text: string) {
      for (const [whole, code] of text.matchAll(codes)) {
        if (whole === '\n') {
          row++;
          column = 0;
          rows[row] ??= '';
        } else if (whole === '\r') column = 0;
        else if (code === '?25l' || code === '?25h') isCursorShown = code === '?25h';
        else if (code?.endsWith('A')) row = Math.max(0, row - Number(code.slice(0, -1)));
        else if (code === 'K') rows[row] = (rows[row] ?? '').slice(0, column);
        else if (code === 'J') rows.splice(row, rows.length, (rows[row] ?? '').slice(0, column));
        else {
          rows[row] =
            (rows[row] ?? '').slice(0, column) + whole + (rows[row] ?? '').slice(column + whole.length);
          column += whole.length;
        }
      }
    },
    get text() {
      return rows.join('\n');
    },
    get isCursorShown() {
      return isCursorShown;
    },
  };
}

test('lines are replaced in place, also by fewer and shorter ones', () => {
  const terminal = createTerminal(80);
  terminal.write('$ regatta run\n');
  const screen = new Screen(terminal);
  screen.draw(['one one', 'two', 'three']);
  expect(terminal.text).toBe('$ regatta run\none one\ntwo\nthree\n');
  screen.draw(['1', '2']);
  expect(terminal.text).toBe('$ regatta run\n1\n2\n');
  screen[Symbol.dispose]();
});

test('what is printed meanwhile scrolls above the lines', () => {
  const terminal = createTerminal(80);
  const screen = new Screen(terminal);
  screen.draw(['lane 1', 'lane 2']);
  screen.print('a line of a tool\n');
  screen.print('two\nlines\n');
  screen.draw(['lane 1 done', 'lane 2']);
  expect(terminal.text).toBe('a line of a tool\ntwo\nlines\nlane 1 done\nlane 2\n');
  screen[Symbol.dispose]();
});

test('the cursor is hidden while lines are drawn, and comes back with the end or with the process', () => {
  const terminal = createTerminal(80);
  const listeners = process.listenerCount('exit');
  const screen = new Screen(terminal);
  screen.draw(['lane']);
  expect(terminal.isCursorShown).toBe(false);
  expect(process.listenerCount('exit')).toBe(listeners + 1);
  const [onExit] = process.listeners('exit').slice(-1);
  onExit?.(130);
  expect(terminal.isCursorShown).toBe(true);
  expect(process.listenerCount('exit')).toBe(listeners);
  screen[Symbol.dispose]();
  expect(terminal.text).toBe('lane\n');
});

test('lines that a narrower terminal has wrapped are replaced whole', () => {
  const written: string[] = [];
  const terminal = { columns: 40, write: (text: string) => written.push(text) };
  const screen = new Screen(terminal);
  screen.draw(['x'.repeat(39), 'y'.repeat(10)]);
  terminal.columns = 20;
  screen.draw(['z']);
  expect(written.at(-1)).toContain(`\r${ESC}[3Az`);
  screen[Symbol.dispose]();
});
