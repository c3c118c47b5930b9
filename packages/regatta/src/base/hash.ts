/** Names for data: the same for the same values, wherever they are made. */
import { createHash } from 'node:crypto';
import { stableStringify, toJson } from './json.ts';

/** A hash of `value` as JSON with sorted keys. */
export function hashOf(value: unknown): string {
  return createHash('sha256')
    .update(stableStringify(toJson(value)))
    .digest('hex');
}
