/** All races of the catalogue: by what code of ours each could return, and which test sees it. */
import type { Exemption, Mutant, Section } from './mutant.ts';
import { context } from './races/context.ts';
import { delivery } from './races/delivery.ts';
import { money } from './races/money.ts';
import { order } from './races/order.ts';
import { registration } from './races/registration.ts';
import { sharing } from './races/sharing.ts';
import { storage } from './races/storage.ts';

/** Races in the catalogue. */
export const RACES = 72;

export const sections: readonly Section[] = [registration, delivery, context, sharing, money, storage, order];

/** A mutant under the name that the runner knows it by: `R71`, or `R71.2` where a race has several. */
export interface NamedMutant extends Mutant {
  readonly id: string;
}

export const mutants: readonly NamedMutant[] = sections.flatMap((section) =>
  section.mutants.map((mutant, index) => {
    const before = section.mutants.slice(0, index).filter(({ race }) => race === mutant.race).length;
    const isAlone = section.mutants.filter(({ race }) => race === mutant.race).length === 1;
    return { ...mutant, id: isAlone ? mutant.race : `${mutant.race}.${before + 1}` };
  }),
);

export const exemptions: readonly Exemption[] = sections.flatMap((section) => section.exemptions);

/** @throws Error for a name that no mutant has. */
export function findMutant(id: string): NamedMutant {
  const mutant = mutants.find((known) => known.id === id);
  if (mutant === undefined)
    throw new Error(`There is no mutant "${id}". Use a name that npm run zoo prints.`);
  return mutant;
}
