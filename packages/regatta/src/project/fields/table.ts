/** All keys that files may hold, by whose they are: what the loader, the schema and the docs are made from. */
import { AGENT_FIELDS } from './agent-fields.ts';
import { CREW_FIELDS } from './crew-fields.ts';
import { type Field, type Owner, spellingsOf } from './field.ts';
import { TASK_FIELDS } from './task-fields.ts';

export const FIELDS: Readonly<Record<Owner, readonly Field[]>> = Object.freeze({
  agent: AGENT_FIELDS,
  task: TASK_FIELDS,
  crew: CREW_FIELDS,
});

/** The row of `key`, in either spelling. */
export function findField(owner: Owner, key: string): Field | undefined {
  return FIELDS[owner].find((field) => spellingsOf(field).includes(key));
}

/** What pairs of one record have in common when they say the same thing. */
export function meaningOf(owner: Owner, key: string): string {
  const field = findField(owner, key);
  if (field === undefined) return key;
  return 'option' in field ? field.option : field.keys[0];
}
