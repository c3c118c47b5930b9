/** Models for tests of teams: each role answers by a function of what it is asked, whatever the order. */
import type { ModelRequest } from '../ports/model.ts';
import type { ReadableEvent, RunEvent } from '../protocol/event.ts';
import type { Run } from '../run/run.ts';
import { checkTrace } from './check-trace.ts';
import { type Scripted, type ScriptedModel, scriptedModel } from './scripted-model.ts';

export interface Asked {
  readonly role: string;
  /** The last message, as text. */
  readonly text: string;
  /** All that the user, and tools, have said, as one text. */
  readonly all: string;
  /** Results of tools so far. */
  readonly results: readonly string[];
  readonly request: ModelRequest;
}

type Part = (asked: Asked) => string | Scripted | Promise<string | Scripted>;

/** By role, or by the first word of it. Costs a known amount for each call. */
export function played(parts: Readonly<Record<string, Part>>): ScriptedModel {
  return scriptedModel(
    [
      (request) => {
        const asked = toAsked(request);
        const part = parts[asked.role] ?? parts[asked.role.split(' ')[0] as string];
        if (part === undefined) throw new Error(`Nobody plays "${asked.role}".`);
        return part(asked);
      },
    ],
    { loop: true, price: { inputUsdPerMillion: 1, outputUsdPerMillion: 2 } },
  );
}

function toAsked(request: ModelRequest): Asked {
  const said = request.messages.map(({ role, content }) => ({
    role,
    text:
      typeof content === 'string'
        ? content
        : content.map((part) => ('text' in part ? part.text : '')).join(''),
  }));
  const system = said.find(({ role }) => role === 'system')?.text ?? '';
  return {
    role: /^You are (.*?)\. /.exec(system)?.[1] ?? '',
    text: said.at(-1)?.text ?? '',
    all: said
      .filter(({ role }) => role === 'user' || role === 'tool')
      .map(({ text }) => text)
      .join('\n---\n'),
    results: said.filter(({ role }) => role === 'tool').map(({ text }) => text),
    request,
  };
}

export interface Traced<Output> {
  readonly output: Output | undefined;
  readonly error: unknown;
  readonly events: readonly RunEvent[];
  readonly findings: readonly string[];
  readonly ledger: Run<Output>['ledger'];
  readonly usage: Run<Output>['usage'];
}

/** A whole run: what came out, all its events, and what is wrong with them. */
export async function traced<Output>(run: Run<Output>): Promise<Traced<Output>> {
  const settled = await run.result.then(
    (output) => ({ output, error: undefined }),
    (error: unknown) => ({ output: undefined, error }),
  );
  const all: ReadableEvent[] = await Array.fromAsync(run.events());
  const events = all.filter((event): event is RunEvent => event.type !== 'events.gap');
  const findings = checkTrace(all, { ledger: run.ledger, audit: await run.flush() });
  return { ...settled, events, findings, ledger: run.ledger, usage: run.usage };
}

/** `type` and what names it, in order: for asserting what happened. */
export function outline(events: readonly RunEvent[], nouns: readonly string[]): readonly string[] {
  return events
    .filter(({ type }) => nouns.includes(type.slice(0, type.indexOf('.'))))
    .map(({ type, agent }) => `${type} ${agent ?? '-'}`);
}

/** JSON for a model to say. */
export function json(value: unknown): string {
  return JSON.stringify(value);
}
