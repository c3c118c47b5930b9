/** A journal that lasts as long as its process. */
import type { Json } from '../base/json.ts';
import type { Journal } from '../ports/journal.ts';

/**
 * Records by step alone, whatever the run: a second run with the same journal gets the results of
 * the first.
 */
export function memoryJournal(): Journal {
  const records = new Map<string, Json>();
  return {
    read: async (_runId, key) => {
      const value = records.get(key);
      return value === undefined ? undefined : { value };
    },
    write: async (_runId, key, value) => {
      if (!records.has(key)) records.set(key, value);
    },
  };
}
