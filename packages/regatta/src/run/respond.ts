/** People and runs that are not here: what a journaled run waits for, and an answer to it. */
import { isJsonObject, toJson } from '../base/json.ts';
import type { Journal, StepRecord } from '../ports/journal.ts';
import type { InputAnswer, InputKind, PendingInput } from '../protocol/input.ts';
import { checkInputAnswer, unknownToken } from './input-answer.ts';

/**
 * Answers a request of a run in `journal`, wherever the run is: one under way in another process hears
 * of it within half a second, a suspended one when it is resumed. The first answer counts.
 *
 * @throws RegattaError `input/unknown-token`, also for a token that was answered; `input/invalid-answer`.
 */
export async function respond(
  journal: Journal,
  runId: string,
  { token, answer }: { readonly token: string; readonly answer: InputAnswer },
): Promise<void> {
  const place = token.slice(runId.length + 1);
  const asked = (await journal.find(runId, `${place}:asked`))?.value;
  if (!token.startsWith(`${runId}/`) || !isJsonObject(asked)) throw unknownToken(runId, token);
  checkInputAnswer(asked.kind as InputKind, answer); // `Inputs` wrote the request
  const record = { key: `${place}:input`, value: toJson({ answer }) };
  const { isFirst } = await journal.write(runId, record, null); // check and write are one step
  if (!isFirst) throw unknownToken(runId, token);
}

/** What a journaled run waits for, in the order asked. `records` are all of the run. */
export function pendingInputsOf(runId: string, records: readonly StepRecord[]): readonly PendingInput[] {
  const keys = new Set(records.map(({ key }) => key));
  return records.flatMap(({ key, value }) => {
    if (!key.endsWith(':asked') || !isJsonObject(value)) return [];
    const place = key.slice(0, -':asked'.length);
    if (keys.has(`${place}:input`)) return [];
    const { askedAtMs: _, ...request } = value;
    return [{ ...request, runId, token: `${runId}/${place}` } as unknown as PendingInput]; // `Inputs` wrote it
  });
}
