/** Keeps keys out of texts that providers send back: some quote the key that they refuse. */

/** By the shapes that the known providers give them; some quote a key with its middle starred out. */
const KEYS =
  /\b(?:sk|pk|rk|gsk|xai|pplx|csk|fw|tgp|hf|key)[-_][\w*-]{6,}|\bAIza[\w*-]{8,}|\bBearer\s+[^\s"]+/g;

/** `text` without anything that looks like a key, and without `key` whatever it looks like. */
export function redact(text: string, key?: string): string {
  const known = key ? text.replaceAll(key, '[key]') : text;
  return known.replace(KEYS, '[key]');
}
