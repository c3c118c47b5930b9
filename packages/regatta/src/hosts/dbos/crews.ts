/** The crews that a worker knows, by the names of their refs. */
import { pathToFileURL } from 'node:url';
import { RegattaError } from '../../base/errors.ts';
import { Problems, show } from '../../base/problems.ts';
import type { PlannedCrew } from '../../crew/run-crew.ts';
import type { CrewRef } from '../../protocol/crew-ref.ts';
import { loadCrew } from '../load-crew.ts';

export interface CrewSources {
  /** Crews with a ref. */
  readonly crews?: readonly PlannedCrew[];
  /** Paths or URLs of modules by the name of the ref whose crew they export. */
  readonly modules?: Readonly<Record<string, string>>;
}

/** Nothing is imported that the worker was not given by name: whoever orders runs does not choose its code. */
export class Crews {
  readonly #crews = new Map<string, PlannedCrew>();
  readonly #modules = new Map<string, string>();

  /** @throws RegattaError `definition/invalid` */
  constructor({ crews = [], modules = {} }: CrewSources) {
    const problems = new Problems('The worker');
    for (const crew of crews) {
      if (crew.ref !== undefined) this.#crews.set(crew.ref.name, crew);
      else {
        const message = `crews must have a ref, and ${show(crew.name)} has none. Give it ref: crewRef({ name, module: import.meta.url }).`;
        problems.add('crews', crew.name, message);
      }
    }
    problems.throwIfAny();
    for (const [name, module] of Object.entries(modules)) {
      this.#modules.set(name, URL.canParse(module) ? module : pathToFileURL(module).href);
    }
  }

  get names(): readonly string[] {
    return [...this.#crews.keys(), ...this.#modules.keys()];
  }

  /** @throws RegattaError `engine/no-module`, `engine/crew-not-found` */
  async find(ref: CrewRef): Promise<PlannedCrew> {
    const crew = this.#crews.get(ref.name);
    if (crew !== undefined && crew.ref?.version === ref.version) return crew;
    const module = this.#modules.get(ref.name);
    if (crew === undefined && module === undefined) throw noModule(ref.name, this.names);
    return await loadCrew({ ...ref, module: module ?? ref.module });
  }
}

function noModule(crew: string, known: readonly string[]): RegattaError {
  return new RegattaError(
    'engine/no-module',
    `This worker knows no crew "${crew}" (it knows ${known.length === 0 ? 'none' : known.join(', ')}). Start it with --module ${crew}=PATH, or with the crew.`,
    { crew, known },
  );
}
