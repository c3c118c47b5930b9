/**
 * Runs that can be told apart: each has a marker in its inputs, and each callback is given the marker
 * of its own run and counts what holds another's.
 */
import { Agent, Crew, type Inputs, type ReadableEvent, type RunEvent, Task } from '../index.ts';
import { type ScriptStep, scriptedModel } from './index.ts';

const MARKER = /MARK-\d+/g;

export function markerOf(index: number): string {
  return `MARK-${index}`;
}

/** All markers in `value`, each once. */
export function markersIn(value: unknown): ReadonlySet<string> {
  return new Set(JSON.stringify(value).match(MARKER));
}

/** The marker of the run that a model call belongs to. */
export function markerIn(value: unknown): string {
  const [marker = 'none'] = markersIn(value);
  return marker;
}

/** A callback of one run, and always of the same class. */
export class Tracer {
  readonly marker: string;
  readonly heard: RunEvent[] = [];
  /** Events that hold the marker of another run. */
  foreign = 0;

  constructor(marker: string) {
    this.marker = marker;
  }

  onEvent(event: RunEvent): unknown {
    this.heard.push(event);
    for (const marker of markersIn(event)) if (marker !== this.marker) this.foreign++;
    return undefined;
  }

  get seqs(): readonly number[] {
    return this.heard.map(({ seq }) => seq);
  }
}

/** A crew of one agent and one task, whose texts all hold the input `marker`. */
export function markedCrew(script: readonly ScriptStep[], options: Partial<MarkedOptions> = {}): Crew {
  const llm = options.llm ?? scriptedModel(script, { loop: true });
  const agent = new Agent({ role: 'Sailor {marker}', goal: 'Sail for {marker}', ...options, llm });
  return new Crew({
    agents: [agent],
    tasks: [new Task({ name: 'sail', description: 'Sail {marker}', expectedOutput: '{marker}', agent })],
  });
}

type AgentOptions = ConstructorParameters<typeof Agent>[0];
interface MarkedOptions extends Pick<AgentOptions, 'tools' | 'callbacks' | 'maxIter'> {
  readonly llm: object;
}

export function inputsOf(index: number): Inputs {
  return { marker: markerOf(index) };
}

export async function eventsOf(run: { events(): AsyncIterable<ReadableEvent> }): Promise<ReadableEvent[]> {
  return await Array.fromAsync(run.events());
}

/** Lets everything that waits for no time come to rest. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits for `count` microtasks. */
export async function hop(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await undefined;
}

/** Own fields, all the way down, without the script's own book-keeping. */
export function pictureOf(value: unknown, seen: Set<unknown> = new Set()): unknown {
  if (typeof value !== 'object' || value === null || seen.has(value)) return value;
  seen.add(value);
  if (Array.isArray(value)) return value.map((item) => pictureOf(item, seen));
  if ('requests' in value || value instanceof Tracer || '~standard' in value) return 'the caller’s';
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, pictureOf(field, seen)]));
}
