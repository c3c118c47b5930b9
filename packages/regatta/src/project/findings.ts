/** Gathers all that is wrong with a project, and what in it means nothing here, so that its author hears of all of it at once. */
import { type ProjectProblem, RegattaError } from '../index.ts';
import { excerptOf, type Place } from './place.ts';

/** Something in a file that is known, and has no effect here. */
export interface ProjectNote {
  /** The key, such as `verbose`. */
  readonly key: string;
  /** Where it stands first. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** How often it stands in the project. */
  readonly count: number;
  /** Why it has no effect, and what does what it did. */
  readonly message: string;
}

interface Finding extends ProjectProblem {
  readonly excerpt: string | undefined;
}

export class Findings {
  readonly #folder: string;
  readonly #found: Finding[] = [];
  readonly #notes = new Map<string, ProjectNote>();

  /** `folder` is the project's, as messages name it. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** `message` says what is wrong with which value, and what to do: two sentences. */
  add(place: Place, message: string): void {
    const { source, line, column } = place;
    if (this.#found.some((one) => one.file === source.file && one.line === line && one.message === message)) {
      return; // one text that two records share through an alias is wrong once
    }
    this.#found.push({ file: source.file, line, column, message, excerpt: excerptOf(place) });
  }

  /** Something that has no place in a file, such as a file that is not there. */
  addTo(file: string, message: string): void {
    this.#found.push({ file, line: null, column: null, message, excerpt: undefined });
  }

  /** Says once for each `key` of a `kind` why it has no effect. */
  note(
    kind: string,
    key: string,
    { place, message }: { readonly place: Place; readonly message: string },
  ): void {
    const id = `${kind}.${key}`;
    const earlier = this.#notes.get(id);
    const { source, line, column } = place;
    this.#notes.set(
      id,
      earlier === undefined
        ? { key, file: source.file, line, column, count: 1, message }
        : { ...earlier, count: earlier.count + 1 },
    );
  }

  get count(): number {
    return this.#found.length;
  }

  get notes(): readonly ProjectNote[] {
    return [...this.#notes.values()];
  }

  /** @throws RegattaError `project/invalid` with every problem, in the order of files and lines. */
  throwIfAny(): void {
    if (this.#found.length === 0) return;
    const found = this.#found.toSorted(byPlace);
    const lines = found.map(
      ({ file, line, column, message, excerpt }) =>
        `- ${line === null ? file : `${file}:${line}:${column}`}: ${message}${excerpt === undefined ? '' : `\n${excerpt}`}`,
    );
    const problems = found.map(({ excerpt: _, ...problem }) => problem);
    throw new RegattaError(
      'project/invalid',
      `The project ${this.#folder} has ${found.length === 1 ? 'a problem' : `${found.length} problems`}. Correct ${found.length === 1 ? 'it' : 'them'} in the files.\n${lines.join('\n')}`,
      { folder: this.#folder, problems },
    );
  }
}

function byPlace(a: Finding, b: Finding): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

/** `agents.yaml:3:5: verbose (4 times): …` */
export function noteText({ key, file, line, column, count, message }: ProjectNote): string {
  return `${file}:${line}:${column}: ${key}${count > 1 ? ` (${count} times)` : ''}: ${message}`;
}
