/** Options as callers give them. */

/** The fields that have a value: an option that is undefined was not given. */
export function withoutUndefined<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Partial<T>; // a subset of its own fields
}
