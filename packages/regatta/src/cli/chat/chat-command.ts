/** `regatta chat`: talk with an agent that has the crew as its tool. */
import { createInterface } from 'node:readline/promises';
import { type CrewOutput, type Inputs, isRegattaError, type Run, type Runtime } from '../../index.ts';
import { captureConsole } from '../capture-console.ts';
import { checkLlm, openRuntime } from '../execute.ts';
import { EXIT_FAILED, EXIT_USAGE, formatError, hintOf, toErrorData } from '../failure.ts';
import { readInputs } from '../inputs.ts';
import { loadTarget, type Target } from '../load-target.ts';
import { createProgress, type Progress } from '../progress.ts';
import { REHEARSAL_NOTE } from '../rehearsal.ts';
import { clean, oneLine } from '../text.ts';
import { chatInputs, createChatCrew, type Turn } from './chat-crew.ts';

/** As commander gives them. */
export interface ChatOptions {
  readonly export?: string;
  readonly input?: readonly string[];
  readonly llm?: string;
  readonly rehearse?: boolean;
  readonly json?: boolean;
}

const EXIT_INTERRUPTED = 130;
/** Milliseconds for what a runtime still holds. */
const CLOSE_MS = 5_000;
const HELP = 'Say what you want. /exit or Ctrl-D ends the chat; Ctrl-C stops an answer.';

/** Reads lines until there are no more, answers each, and gives the exit code. */
export async function chatCommand(path: string, options: ChatOptions): Promise<number> {
  const progress = createProgress(process.stderr);
  const captured = captureConsole(progress.print);
  let runtime: Runtime | undefined;
  try {
    checkLlm(options);
    const target = await loadTarget(path, options.export);
    const [given = {}] = readInputs({ pairs: options.input ?? [], file: undefined });
    for (const note of target.notes) progress.print(note);
    runtime = openRuntime(options, { progress, env: target.env });
    if (options.rehearse) progress.print(REHEARSAL_NOTE);
    return await talk(new Chat(target, { runtime, progress, given, options }), options);
  } catch (error) {
    if (!isRegattaError(error)) throw error;
    process.stderr.write(`${formatError(error)}\n`);
    return EXIT_USAGE;
  } finally {
    await runtime?.close({ timeoutMs: CLOSE_MS });
    captured[Symbol.dispose]();
  }
}

async function talk(chat: Chat, { json = false }: ChatOptions): Promise<number> {
  const isTerminal = process.stdin.isTTY === true && process.stderr.isTTY === true;
  const reader = createInterface({
    input: process.stdin,
    output: process.stderr,
    terminal: isTerminal,
    prompt: '> ',
  });
  let hasFailed = false;
  let isInterrupted = false;
  let isClosed = false; // the input may end while an answer is written; its lines are still read
  const prompt = (): void => {
    if (isTerminal && !isClosed) reader.prompt();
  };
  reader.on('close', () => {
    isClosed = true;
  });
  // While an answer is written, Ctrl-C stops it; between answers it ends the chat.
  const interrupt = (): void => {
    if (chat.cancel()) return;
    isInterrupted = true;
    reader.close();
  };
  reader.on('SIGINT', interrupt);
  process.on('SIGINT', interrupt);
  try {
    if (isTerminal) process.stderr.write(`${HELP}\n`);
    prompt();
    for await (const line of reader) {
      const text = line.trim();
      if (text === '/exit' || text === '/quit') break;
      if (text !== '') hasFailed = !(await chat.say(text, json)) || hasFailed;
      prompt();
    }
  } finally {
    process.off('SIGINT', interrupt);
    reader.close();
  }
  return isInterrupted ? EXIT_INTERRUPTED : hasFailed ? EXIT_FAILED : 0;
}

interface ChatSurroundings {
  readonly runtime: Runtime;
  readonly progress: Progress;
  readonly given: Inputs;
  readonly options: ChatOptions;
}

/** The conversation, and the runs that go on. */
class Chat {
  readonly #runtime: Runtime;
  readonly #progress: Progress;
  readonly #crew: ReturnType<typeof createChatCrew>;
  readonly #turns: Turn[] = [];
  /** Runs of the crew behind the tool, in the answer that is being written. */
  #crewRuns: Run<CrewOutput>[] = [];
  /** What tells of them; done when they are. */
  #telling: Promise<void>[] = [];
  #answering: Run<CrewOutput> | undefined;

  constructor(target: Target, { runtime, progress, given, options }: ChatSurroundings) {
    this.#runtime = runtime;
    this.#progress = progress;
    const { crew, name, placeholders } = target;
    // What the command line names wins over what the files name.
    const llm =
      options.llm ?? target.chatLlm ?? crew.llm ?? crew.agents.find((agent) => agent.llm !== undefined)?.llm;
    this.#crew = createChatCrew({
      name,
      placeholders,
      defaults: { ...target.inputs, ...given },
      tasks: crew.tasks.map((task, index) => ({
        name: task.name ?? `task-${index + 1}`,
        description: oneLine(task.description),
      })),
      llm,
      startCrew: (inputs) => {
        const run = runtime.start(crew, { inputs });
        this.#crewRuns.push(run);
        this.#telling.push(this.#follow(run));
        return run;
      },
    });
  }

  /** Writes the answer to `text` on stdout. False when there was none. */
  async say(text: string, json: boolean): Promise<boolean> {
    this.#turns.push({ who: 'user', text });
    this.#crewRuns = [];
    this.#telling = [];
    const run = this.#runtime.start(this.#crew, { inputs: chatInputs(this.#turns), stream: true });
    this.#answering = run;
    const writer = json ? undefined : this.#write(run);
    const [settled] = await Promise.allSettled([run.result]);
    await Promise.all([writer, ...this.#telling]);
    this.#answering = undefined;
    const runs = this.#crewRuns.map(({ id, status }) => ({ runId: id, status }));
    if (settled.status === 'fulfilled') {
      const { text: reply } = settled.value;
      this.#turns.push({ who: 'assistant', text: reply });
      if (json) process.stdout.write(`${JSON.stringify({ message: text, reply, runs, error: null })}\n`);
      return true;
    }
    this.#turns.pop(); // what got no answer was not said
    const error = toErrorData(settled.reason);
    const hint = hintOf(settled.reason);
    if (json) process.stdout.write(`${JSON.stringify({ message: text, reply: null, runs, error })}\n`);
    this.#progress.print(formatError(error));
    if (hint !== undefined) this.#progress.print(`hint: ${hint}`);
    return false;
  }

  /** Stops the answer that is being written. False when there is none. */
  cancel(): boolean {
    if (this.#answering === undefined) return false;
    this.#answering.cancel('interrupted');
    return true;
  }

  /** The answer word by word; of a model that gives none in pieces, the whole. */
  async #write(run: Run<CrewOutput>): Promise<void> {
    let written = '';
    for await (const event of run.events()) {
      if (event.type === 'model.delta' && event.kind === 'text') {
        written += event.text;
        process.stdout.write(clean(event.text));
      }
      if (event.type === 'tool.start' || event.type === 'model.retry') {
        if (written !== '') process.stdout.write('\n'); // what was written before is not the answer
        written = '';
      }
      if (event.type === 'task.end' && event.text !== null) {
        const rest =
          written.trim() === event.text.trim() ? '' : `${written === '' ? '' : '\n'}${clean(event.text)}`;
        process.stdout.write(`${rest}\n`);
      }
    }
  }

  /** Tells of the tasks of the crew as they end. */
  async #follow(run: Run<CrewOutput>): Promise<void> {
    for await (const event of run.events()) {
      if (event.type === 'task.start')
        this.#progress.print(`task ${oneLine(event.task)} by ${oneLine(event.agent)}`);
      if (event.type === 'task.end') this.#progress.print(`task ${oneLine(event.task)} ${event.status}`);
    }
  }
}
