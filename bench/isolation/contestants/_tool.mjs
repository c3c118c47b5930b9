// What every contestant's agent is, so that all of them do the same: one tool call, then a text.
export const MODEL = 'mock-1';
export const ROLE = 'You are a researcher. Use the lookup tool once, then report what you found.';
export const TOOL = 'lookup';
export const TOOL_DESCRIPTION = 'Look up a fact about a subject.';
export const prompt = (marker) => `Research the subject ${marker} and summarise the key facts.`;

/** Lets a case hold a run where it is: by marker, what its tool waits for. */
export const holds = new Map();
export async function lookup(query) {
  await holds.get(query)?.();
  return `fact about ${query}`;
}
