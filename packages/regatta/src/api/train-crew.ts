/** Trains the agents of a crew: people review what they do, and a model puts in words what is to be learned. */
import { messageOf } from '../base/errors.ts';
import { deepFreeze } from '../base/json.ts';
import { Problems } from '../base/problems.ts';
import type { PlannedCrew } from '../crew/run-crew.ts';
import { readTrainingOr, writeTraining } from '../crew/training.ts';
import { LESSON_SCHEMA, type Lesson, type TrainingData } from '../crew/training-data.ts';
import type { InputAnswers, PendingInput } from '../protocol/input.ts';
import type { CrewOutput } from '../protocol/output.ts';
import type { Run } from '../run/run.ts';
import type { RuntimeCore } from '../run/runtime.ts';
import { askOnce } from './ask-once.ts';
import type { KickoffOptions } from './crew-options.ts';
import { type LlmInput, toLlm } from './llm.ts';

type Review = InputAnswers['review'];

export interface TrainOptions extends Omit<KickoffOptions, 'bufferSize' | 'journal'> {
  /** Runs, one after the other. */
  readonly iterations: number;
  /** Where what was learned goes: JSON. What it has of other roles stays. */
  readonly file: string;
  /** Reviews each draft: accepts it, or says what should change. @default reviews are answered by `run.respond` */
  readonly onFeedback?: (draft: PendingInput) => Review | Promise<Review>;
  /** Gets each run as it starts: to answer its reviews, watch or cancel it. Needed without `onFeedback`. */
  readonly onRun?: (run: Run<CrewOutput>) => unknown;
  /** Puts in words what is to be learned. @default the crew's, else the runtime's */
  readonly llm?: LlmInput;
}

/** One draft that was sent back, and what came of it. */
interface Correction {
  readonly role: string;
  readonly task: string;
  readonly draft: string;
  readonly feedback: string;
  readonly improved: string;
}

export interface Trainer {
  readonly crew: PlannedCrew;
  readonly core: RuntimeCore;
  /** Starts a run of another form of the crew, on this thread. */
  start(crew: PlannedCrew, options: KickoffOptions): Run<CrewOutput>;
}

/** @throws RegattaError `definition/invalid`, `training/bad-file`, or what a run, a review or the model throws. */
export async function trainCrew(
  { crew, core, start }: Trainer,
  options: TrainOptions,
): Promise<TrainingData> {
  const { iterations, file, onFeedback, onRun, llm, ...given } = options;
  checkOptions(crew.name, options);
  const before = await readTrainingOr(file); // a bad file is seen before anything is spent
  const corrections: Correction[] = [];
  for (let number = 1; number <= iterations; number++) {
    const run = start(reviewed(crew), { ...given, bufferSize: Number.POSITIVE_INFINITY });
    onRun?.(run);
    corrections.push(...(await follow(run, crew, onFeedback)));
  }
  const agents: Record<string, Lesson> = { ...before.agents };
  for (const role of new Set(corrections.map((one) => one.role))) {
    const own = corrections.filter((one) => one.role === role);
    const prompt = promptFor(role, own, before.agents[role]);
    const question = { llm: toLlm(llm) ?? crew.llm, prompt, schema: LESSON_SCHEMA, signal: given.signal };
    const { value } = await askOnce(core, question);
    agents[role] = value as Lesson; // by the schema
  }
  const data: TrainingData = deepFreeze({ version: 1, agents });
  await writeTraining(file, data);
  return data;
}

function checkOptions(crew: string, { iterations, file, onFeedback, onRun }: TrainOptions): void {
  const problems = new Problems(`The training of crew "${crew}"`);
  problems.integer('iterations', iterations ?? 0, 1);
  problems.text('file', file);
  if (onFeedback === undefined && onRun === undefined) {
    const message = 'Nobody would review the drafts. Give onFeedback, or onRun to answer by run.respond.';
    problems.add('onFeedback', onFeedback, message);
  }
  problems.throwIfAny();
}

/** The crew with every task put before a person. */
function reviewed(crew: PlannedCrew): PlannedCrew {
  const tasks = crew.plan.tasks.map((task) => ({
    ...task,
    definition: { ...task.definition, humanInput: true },
  }));
  return { ...crew, plan: { ...crew.plan, tasks } };
}

async function follow(
  run: Run<CrewOutput>,
  { plan }: PlannedCrew,
  onFeedback: TrainOptions['onFeedback'],
): Promise<readonly Correction[]> {
  const drafts = new Map<string, { readonly task: string; readonly draft: string }>();
  const feedback: { readonly task: string; readonly draft: string; readonly feedback: string }[] = [];
  const texts = new Map<string, string>();
  const reviews: Promise<void>[] = [];
  const review = async (pending: PendingInput, ask: NonNullable<typeof onFeedback>): Promise<void> => {
    try {
      run.respond(pending.token, await ask(pending));
    } catch (error) {
      run.cancel(`a review failed: ${messageOf(error)}`); // nobody else would answer
      throw error;
    }
  };
  for await (const event of run.events()) {
    if (event.type === 'input.start' && event.kind === 'review' && event.task !== null) {
      drafts.set(event.token, { task: event.task, draft: String(event.subject) });
      const pending = run.pendingInputs.find(({ token }) => token === event.token);
      if (onFeedback !== undefined && pending !== undefined) {
        const reviewing = review(pending, onFeedback);
        reviewing.catch(() => undefined); // it is awaited once the run has ended
        reviews.push(reviewing);
      }
    }
    if (event.type === 'input.end') {
      const { token, answer } = event;
      const draft = drafts.get(token);
      if (draft !== undefined && answer !== null && 'accepted' in answer && !answer.accepted)
        feedback.push({ ...draft, feedback: answer.feedback });
    }
    if (event.type === 'task.end' && event.text !== null) texts.set(event.task, event.text);
  }
  await Promise.all(reviews); // what a reviewer threw says more than that the run was cancelled
  await run.result;
  return feedback.flatMap((one) => {
    const role = plan.tasks.find(({ id }) => id === one.task)?.agent.role;
    return role === undefined ? [] : [{ ...one, role, improved: texts.get(one.task) ?? '' }];
  });
}

function promptFor(role: string, corrections: readonly Correction[], earlier: Lesson | undefined): string {
  const told = corrections.map(({ task, draft, feedback, improved }) => {
    return `## Task ${task}\n\nFirst answer:\n${draft}\n\nWhat a person said of it:\n${feedback}\n\nFinal answer:\n${improved}`;
  });
  const known = earlier?.suggestions.map((suggestion) => `- ${suggestion}`).join('\n') ?? '';
  const before =
    known === '' ? '' : `\n\nSuggestions that it has already; keep those that still hold:\n${known}`;
  return `An agent with the role "${role}" was reviewed by people.\n\n${told.join('\n\n')}${before}\n\nSay what it should do from now on, so that its first answers need no such corrections: suggestions that hold for other inputs too, the quality of its first answers from 1 to 10, and a summary in a sentence or two.`;
}
