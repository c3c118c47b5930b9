/** Numbers that fit a JSON Schema. */
import type { Json, JsonObject } from '../base/json.ts';

/** The first fitting number from 1 on; the `index`-th one for items that should differ. */
export function sampleNumber(schema: JsonObject, index: number): number {
  const isWhole = schema.type === 'integer';
  const step = typeof schema.multipleOf === 'number' ? schema.multipleOf : isWhole ? 1 : 0.5;
  const least = Math.max(bound(schema.minimum, -Infinity), bound(schema.exclusiveMinimum, -Infinity));
  const most = Math.min(bound(schema.maximum, Infinity), bound(schema.exclusiveMaximum, Infinity));
  const start = least > 1 ? least : Math.min(1, most);
  let steps = Math.ceil(start / step) + index;
  if (steps * step === schema.exclusiveMinimum) steps++;
  steps = Math.min(steps, Math.floor(most / step));
  if (steps * step === schema.exclusiveMaximum) steps--;
  const value = Number((steps * step).toPrecision(12)); // 3 * 0.1 is 0.3
  return value < least || value === schema.exclusiveMinimum ? (least + most) / 2 : value;
}

function bound(value: Json | undefined, otherwise: number): number {
  return typeof value === 'number' ? value : otherwise;
}
