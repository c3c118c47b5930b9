/** What happens where agents work for each other, or by a plan. Part of the union in `event.ts`. */
import type { ErrorData } from './output.ts';

/** An agent works for another one, or for the manager of its crew: its own events lie inside. */
export interface DelegationStart {
  readonly type: 'delegation.start';
  /** Who works. */
  readonly coworker: string;
  readonly kind: 'work' | 'question' | 'assignment';
  readonly instructions: string;
}
export interface DelegationEnd {
  readonly type: 'delegation.end';
  readonly coworker: string;
  readonly text: string | null;
  readonly error: ErrorData | null;
}
/** One thing to be done, as a plan says it. */
export interface PlanItem {
  readonly id: string;
  readonly instructions: string;
  /** Who is to do it; null = whoever the plan is for. */
  readonly coworker: string | null;
  /** Ids of the items that must be done before. */
  readonly needs: readonly string[];
}
/** Somebody plans: the tasks of a crew, the assignments of a managed task, or the steps of an agent. */
export interface PlanStart {
  readonly type: 'plan.start';
  readonly of: 'crew' | 'task' | 'agent';
  /** Why it is planned anew; null for the first plan. */
  readonly reason: string | null;
}
export interface PlanEnd {
  readonly type: 'plan.end';
  readonly of: 'crew' | 'task' | 'agent';
  /** Empty where planning failed. */
  readonly items: readonly PlanItem[];
  readonly error: ErrorData | null;
}
/** One step of an agent that works by a plan. */
export interface StepStart {
  readonly type: 'step.start';
  readonly step: string;
  readonly instructions: string;
}
export interface StepEnd {
  readonly type: 'step.end';
  readonly step: string;
  readonly text: string | null;
  readonly error: ErrorData | null;
}
/** A manager checks what its crew did, or an agent what its steps gave. */
export interface ReviewStart {
  readonly type: 'review.start';
  /** Ids of what is looked at. */
  readonly subjects: readonly string[];
}
export interface ReviewEnd {
  readonly type: 'review.end';
  /** Null where it failed. */
  readonly accepted: boolean | null;
  /** What is to be better, by the id of what it is about. */
  readonly feedback: Readonly<Record<string, string>>;
  readonly error: ErrorData | null;
}
/** Several agents have answered one task, and one answer is chosen or made of them. */
export interface DecisionStart {
  readonly type: 'decision.start';
  readonly by: 'judge' | 'vote' | 'function';
  /** Who answered, by the letter that stands for the answer. */
  readonly candidates: Readonly<Record<string, string>>;
}
export interface DecisionEnd {
  readonly type: 'decision.end';
  /** Letter of the answer that won; null where it was made of several, or where deciding failed. */
  readonly winner: string | null;
  readonly reason: string | null;
  /** Votes by letter; null where nobody voted. */
  readonly tally: Readonly<Record<string, number>> | null;
  readonly error: ErrorData | null;
}

export type TeamEvent =
  | DelegationStart
  | DelegationEnd
  | PlanStart
  | PlanEnd
  | StepStart
  | StepEnd
  | ReviewStart
  | ReviewEnd
  | DecisionStart
  | DecisionEnd;
