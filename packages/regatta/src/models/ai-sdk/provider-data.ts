/** Data that a provider attaches to a part of an answer, and wants back unchanged. */
import { type JsonObject, toJson } from '../../base/json.ts';

/** Packages write an empty object of their name where they have nothing to say. */
export function providerData(metadata: unknown): { readonly providerData?: JsonObject } {
  if (typeof metadata !== 'object' || metadata === null) return {};
  const said = Object.entries(metadata).filter(([, data]) => data && Object.keys(data).length > 0);
  if (said.length === 0) return {};
  return { providerData: toJson(Object.fromEntries(said)) as JsonObject }; // an object stays one
}
