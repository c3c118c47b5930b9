/** Takes secrets out of what is recorded. What it has taken out once it finds no more: it may be done again. */
import { isJsonObject, type Json } from '../base/json.ts';

export const HIDDEN = '[secret]';

/** Keys of vendors by how they begin, tokens of HTTP, and what is called a secret in a text. */
const PATTERNS: readonly RegExp[] = [
  /\b(?:sk|pk|rk|gsk|xai|pplx|csk|r8|hf|nvapi|ghp|gho|ghs|glpat|xox[abprs])[-_][A-Za-z0-9_-]{12,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{20,}/g,
  /\bAIza[A-Za-z0-9_-]{30,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
  /(?<=\bBearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi,
  /(?<=["']?\b(?:api[-_]?key|access[-_]?token|client[-_]?secret|password)["']?\s*[:=]\s*["'])[^"'\\]{4,}(?=["'])/gi,
];

/** Fields whose text is a secret whatever it looks like. */
const FIELD =
  /^(?:authorization|(?:x-)?api[-_]?key|(?:access|refresh|auth)[-_]?token|client[-_]?secret|password)$/i;

export type Redaction = string | RegExp;

export interface Scrubber {
  scrub(value: Json): Json;
  /** From now on these texts are hidden, too. */
  hide(secrets: readonly string[]): void;
}

export function createScrubber(redactions: readonly Redaction[]): Scrubber {
  const texts = new Set(redactions.filter((one) => typeof one === 'string' && one !== ''));
  const patterns = redactions.filter((one) => one instanceof RegExp).map(everywhere);
  const scrubText = (text: string): string => {
    let clean = text;
    for (const secret of texts) clean = clean.replaceAll(secret, HIDDEN);
    for (const pattern of [...PATTERNS, ...patterns]) clean = clean.replace(pattern, HIDDEN);
    return clean;
  };
  const scrub = (value: Json): Json => {
    if (typeof value === 'string') return scrubText(value);
    if (Array.isArray(value)) return value.map(scrub);
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, field]) => [
        name,
        FIELD.test(name) && typeof field === 'string' ? HIDDEN : scrub(field),
      ]),
    );
  };
  return {
    scrub,
    hide(secrets) {
      for (const secret of secrets) texts.add(secret);
    },
  };
}

function everywhere({ source, flags }: RegExp): RegExp {
  return new RegExp(source, flags.includes('g') ? flags : `${flags}g`);
}
