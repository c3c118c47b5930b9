/** The seam to instructions that an agent reads when it needs them: their names are always in its prompt. */

export interface Skill {
  /** Letters, digits, `_` and `-`; what the agent asks for. */
  readonly name: string;
  /** When to use it; the agent decides by this text. */
  readonly description: string;
  /** The instructions. Called when the agent asks for them. */
  load(signal: AbortSignal): string | Promise<string>;
}
