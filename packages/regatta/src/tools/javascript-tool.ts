/** A tool that runs JavaScript which a model wrote, where it can do no harm. */
import { Problems } from '../base/problems.ts';
import type { Tool } from '../ports/tool.ts';
import { callThread } from './call-thread.ts';
import { makeTool } from './make-tool.ts';
import type { Script, ScriptResult } from './run-javascript.ts';

export interface JavaScriptToolOptions {
  /** Milliseconds for one script. @default 5000 */
  readonly timeoutMs?: number;
  /** Bytes for all that a script keeps. @default 33554432 */
  readonly memoryBytes?: number;
  /** Characters of a result, and of the console. @default 20000 */
  readonly maxChars?: number;
}

const TIMEOUT_MS = 5_000;
const MEMORY_BYTES = 33_554_432;
const MAX_CHARS = 20_000;
/** Milliseconds beside a script's own: for its thread to start, and where the engine itself is stuck. */
const MARGIN_MS = 5_000;
const HEAP_MB = 64;

/**
 * `run_javascript`: a new engine on a new thread for each script. It needs the package quickjs-emscripten.
 *
 * @throws RegattaError `definition/invalid`.
 * @example
 * const analyst = new Agent({ role: 'Analyst', goal: 'Count right', tools: [javascriptTool()] });
 */
export function javascriptTool({
  timeoutMs = TIMEOUT_MS,
  memoryBytes = MEMORY_BYTES,
  maxChars = MAX_CHARS,
}: JavaScriptToolOptions = {}): Tool {
  const problems = new Problems('The JavaScript tool');
  problems.duration('timeoutMs', timeoutMs);
  problems.integer('memoryBytes', memoryBytes, 1_048_576);
  problems.integer('maxChars', maxChars, 1);
  problems.throwIfAny();
  return makeTool<{ code: string }>({
    name: 'run_javascript',
    description:
      'Runs JavaScript (ES2023), for sums, dates, text and data. Gives the value of the last expression as JSON, and what was written with console.log. It has no modules, files, network or timers.',
    properties: { code: { type: 'string', description: 'A script. Its last expression is the result.' } },
    required: ['code'],
    timeoutMs: timeoutMs + MARGIN_MS,
    async execute({ code }, { signal }) {
      const data: Script = { code, timeoutMs, memoryBytes, maxChars };
      const thread = {
        module: './javascript-thread',
        from: import.meta.url,
        data,
        signal,
        maxHeapMb: HEAP_MB,
      };
      const { result, console } = await callThread<ScriptResult>(thread);
      return console.length === 0 ? result : `${result}\nConsole:\n${console.join('\n')}`;
    },
  });
}
