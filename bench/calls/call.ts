/** The single model call that every contestant makes, and what a contestant is. */

export const MODEL_ID = 'mock-1';

export const SYSTEM =
  'You are a careful technical writer. You add nothing to the findings that you are given.';

/** Asks with `marker`, and gives the text of the answer, in which the model server repeats it. */
export type Call = (marker: string) => Promise<string>;

export interface Contestant {
  readonly call: Call;
  close(): Promise<void>;
}

export interface OpenOptions {
  readonly baseURL: string;
  readonly modelId: string;
  readonly system: string;
  /** The user's message for a marker. */
  readonly prompt: (marker: string) => string;
}

/** What a file of `contestants/` exports. */
export interface ContestantModule {
  open(options: OpenOptions): Promise<Contestant>;
}

export function promptOf(marker: string): string {
  return `Write the final report on the subject ${marker} from the findings.`;
}

export interface CallMeasurement {
  readonly calls: number;
  readonly cpuMsPerCall: number;
  readonly callsPerSecond: number;
  /** Part of the core's time that other processes took, 0 to 1; null where it is not known. */
  readonly othersShare: number | null;
}
