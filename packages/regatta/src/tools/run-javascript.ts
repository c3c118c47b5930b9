/**
 * JavaScript in an engine of its own: QuickJS in WebAssembly, a new one for each script.
 *
 * The script has the language and a `console`, and nothing of the machine: no files, no net, no modules,
 * no timers. What leaves it is text.
 */
import type { QuickJSContext, QuickJSHandle, VmCallResult } from 'quickjs-emscripten';
import { messageOf } from '../base/errors.ts';
import { show } from '../base/problems.ts';
import { ToolError } from '../ports/tool-error.ts';
import { orMissing } from './optional-packages.ts';

export interface Script {
  readonly code: string;
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  readonly maxChars: number;
}

export interface ScriptResult {
  /** The value of the last expression as JSON text; what JSON cannot carry is null. */
  readonly result: string;
  /** What was written to the console, a line each. */
  readonly console: readonly string[];
}

const STACK_BYTES = 256 * 1024;
const LEVELS = ['log', 'info', 'warn', 'error', 'debug'] as const;

/** @throws RegattaError `tool/missing-package`; ToolError `script-failed`, `time-limit`, `memory-limit`, `too-large`. */
export async function runJavaScript({
  code,
  timeoutMs,
  memoryBytes,
  maxChars,
}: Script): Promise<ScriptResult> {
  const loading = import('quickjs-emscripten');
  const { getQuickJS } = await orMissing(loading, { tool: 'run_javascript', names: ['quickjs-emscripten'] });
  const engine = (await getQuickJS()).newRuntime();
  engine.setMemoryLimit(memoryBytes);
  engine.setMaxStackSize(STACK_BYTES);
  const deadline = performance.now() + timeoutMs;
  engine.setInterruptHandler(() => performance.now() > deadline);
  const context = engine.newContext();
  const lines: string[] = [];
  // Taken before the script can change it. Nothing is freed: the thread, and all of this, ends with the script.
  const stringify = context.getProp(context.getProp(context.global, 'JSON'), 'stringify');
  const toText = (value: QuickJSHandle): string => {
    const shown = unwrap(context, context.callFunction(stringify, context.undefined, value));
    return context.typeof(shown) === 'string' ? context.getString(shown) : 'null';
  };
  addConsole(context, { lines, maxChars, toText });
  try {
    const value = unwrap(context, context.evalCode(code, 'script.js'));
    const { error } = engine.executePendingJobs();
    if (error !== undefined) throw new Thrown(context.dump(error));
    const result = toText(settled(context, value));
    if (result.length <= maxChars) return { result, console: lines };
    const text = `The result has ${result.length} characters, and ${maxChars} may leave the script. Give less.`;
    throw new ToolError(text, { code: 'too-large' });
  } catch (error) {
    if (performance.now() <= deadline) throw toError(error, lines);
    const text = `The script ran longer than ${timeoutMs} ms. Make it do less.`;
    throw new ToolError(text, { code: 'time-limit' });
  }
}

/** What a promise came to: nothing outside can settle it later, so a pending one never will. */
function settled(context: QuickJSContext, value: QuickJSHandle): QuickJSHandle {
  const state = context.getPromiseState(value);
  if (state.type === 'fulfilled') return state.value;
  if (state.type === 'rejected') throw new Thrown(context.dump(state.error));
  throw new ToolError('The result is a promise that nothing settles. Give a value.', {
    code: 'script-failed',
  });
}

interface Writing {
  readonly lines: string[];
  readonly maxChars: number;
  readonly toText: (value: QuickJSHandle) => string;
}

function addConsole(context: QuickJSContext, { lines, maxChars, toText }: Writing): void {
  const console = context.newObject();
  let left = maxChars;
  for (const level of LEVELS) {
    const write = context.newFunction(level, (...values) => {
      if (left <= 0) return;
      const texts = values.map((value) =>
        context.typeof(value) === 'string' ? context.getString(value) : toText(value),
      );
      const line = texts.join(' ').slice(0, left);
      left -= line.length + 1;
      lines.push(left > 0 ? line : `${line} [cut]`);
    });
    context.setProp(console, level, write);
  }
  context.setProp(context.global, 'console', console);
}

/** What a script threw. */
class Thrown {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

function unwrap(context: QuickJSContext, result: VmCallResult<QuickJSHandle>): QuickJSHandle {
  if (result.error !== undefined) throw new Thrown(context.dump(result.error));
  return result.value;
}

/** `error` is what a script threw, or a fault of the engine. */
function toError(error: unknown, lines: readonly string[]): ToolError {
  if (error instanceof ToolError) return error;
  const said = error instanceof Thrown ? wordsOf(error.value) : messageOf(error);
  if (/out of memory|memory access out of bounds|OOM/i.test(said)) {
    return new ToolError('The script used up its memory. Make it keep less.', { code: 'memory-limit' });
  }
  const before = lines.length === 0 ? '' : `\nConsole:\n${lines.join('\n')}`;
  return new ToolError(`${said}${before}`, { code: 'script-failed' });
}

function wordsOf(thrown: unknown): string {
  // With no memory left, there is none for an error.
  if (thrown === null) return 'The script threw null, or ran out of memory.';
  if (typeof thrown !== 'object') return `The script threw ${show(thrown)}.`;
  const { name = 'Error', message = show(thrown) } = thrown as { name?: unknown; message?: unknown }; // of the script
  return `${String(name)}: ${String(message)}`;
}
