/** What agents have learned in training: text for their prompts, by role as it is defined. */
export type Advice = ReadonlyMap<string, string>;

export const NO_ADVICE: Advice = new Map();
