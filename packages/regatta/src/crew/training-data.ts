/** What agents have learned from people, as plain data: read, checked, and never executed. */
import type { JsonObject } from '../base/json.ts';

/** What one role has learned. */
export interface Lesson {
  /** For its prompts. */
  readonly suggestions: readonly string[];
  /** How good its answers were before, from 1 to 10. */
  readonly quality: number;
  readonly summary: string;
}

export interface TrainingData {
  readonly version: 1;
  /** By role, as it is defined: its placeholders not filled. */
  readonly agents: Readonly<Record<string, Lesson>>;
}

/** The path of a JSON file, or what is in one. */
export type TrainingSource = string | TrainingData;

export const LESSON_SCHEMA: JsonObject = Object.freeze({
  type: 'object',
  properties: {
    suggestions: { type: 'array', maxItems: 20, items: { type: 'string', minLength: 1 } },
    quality: { type: 'number', minimum: 1, maximum: 10 },
    summary: { type: 'string' },
  },
  required: ['suggestions', 'quality', 'summary'],
  additionalProperties: false,
});

export const TRAINING_SCHEMA: JsonObject = Object.freeze({
  type: 'object',
  properties: {
    version: { const: 1 },
    agents: { type: 'object', additionalProperties: LESSON_SCHEMA },
  },
  required: ['version', 'agents'],
  additionalProperties: false,
});

export const NO_TRAINING: TrainingData = Object.freeze({ version: 1, agents: Object.freeze({}) });
