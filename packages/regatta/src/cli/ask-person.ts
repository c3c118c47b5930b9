/** Asks the person at the terminal what a run wants to know, one question at a time. */
import { createInterface, type Interface } from 'node:readline/promises';
import { type InputAnswer, type PendingInput, RegattaError } from '../index.ts';
import { isTerminal } from './colors.ts';
import { formatError } from './failure.ts';
import type { Progress } from './progress.ts';
import { clean } from './text.ts';

/** Who may answer, and where. */
export interface Person {
  readonly isPersonThere: boolean;
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}

export interface AskPersonOptions extends Person {
  readonly progress: Progress;
}

/** The person at the terminal of this process. */
export function personHere(): Person {
  const isPersonThere = process.stdin.isTTY === true && isTerminal(process.stderr);
  return { isPersonThere, input: process.stdin, output: process.stderr };
}

/** What to type, by kind of request. Nothing that is typed by accident is a yes. */
const HOW: Readonly<Record<PendingInput['kind'], string>> = {
  review: 'yes to accept, or what is to be changed: ',
  approval: 'yes to allow it, or why not: ',
  question: 'answer: ',
};

/** Answers of the person. @throws RegattaError `cli/no-terminal` where nobody is there */
export function askPerson(options: AskPersonOptions): (request: PendingInput) => Promise<InputAnswer> {
  let turn: Promise<unknown> = Promise.resolve();
  return async (request) => {
    if (!options.isPersonThere) {
      const error = noTerminal(request);
      options.progress.print(formatError(error)); // the run may go on, and its model is told the same
      throw error;
    }
    const answer = turn.then(() => ask(request, options));
    turn = answer.catch(() => undefined); // whoever asked hears of it
    return await answer;
  };
}

async function ask(
  request: PendingInput,
  { progress, input, output }: AskPersonOptions,
): Promise<InputAnswer> {
  const { question, subject, task, agent, kind } = request;
  using _held = progress.hold();
  const lines = createInterface({ input, output });
  // A terminal that is read line by line gives no signal by itself.
  lines.once('SIGINT', () => {
    lines.close();
    process.kill(process.pid, 'SIGINT');
  });
  try {
    const who = [agent, task].filter((name) => name !== null).join(', ');
    const about =
      subject === null ? '' : `${typeof subject === 'string' ? subject : JSON.stringify(subject, null, 2)}\n`;
    output.write(`\n${clean(who)} asks: ${clean(question)}\n${clean(about)}`);
    while (true) {
      const text = (await readLine(lines, HOW[kind], request)).trim();
      if (text !== '') return toAnswer(kind, text);
    }
  } finally {
    lines.close();
  }
}

/** The end of the input is no answer. */
async function readLine(lines: Interface, prompt: string, request: PendingInput): Promise<string> {
  const ended = Promise.withResolvers<never>();
  lines.once('close', () => ended.reject(noTerminal(request)));
  ended.promise.catch(() => undefined); // it is closed after an answer, too
  return await Promise.race([lines.question(prompt), ended.promise]);
}

function toAnswer(kind: PendingInput['kind'], text: string): InputAnswer {
  const isYes = /^y(es)?$/i.test(text);
  switch (kind) {
    case 'review':
      return isYes ? { accepted: true } : { accepted: false, feedback: text };
    case 'approval':
      return isYes ? { approved: true } : { approved: false, reason: text };
    case 'question':
      return { text };
  }
}

function noTerminal({ question, token }: PendingInput): RegattaError {
  return new RegattaError(
    'cli/no-terminal',
    `The run asks "${clean(question)}", and there is no terminal to answer at. Run it on one, or with --journal FILE, so that it can be answered later.`,
    { token },
  );
}
