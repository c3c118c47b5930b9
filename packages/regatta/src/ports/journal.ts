/** The seam to recorded results: what came from outside, by a key that is the same when a run is repeated. */
import type { Json } from '../base/json.ts';

export interface Journal {
  /** The recorded result of `key` in `runId`, or undefined. */
  read(runId: string, key: string): Promise<{ readonly value: Json } | undefined>;
  /** Records a result before anybody uses it. The first record of a key stays. */
  write(runId: string, key: string, value: Json): Promise<void>;
}
