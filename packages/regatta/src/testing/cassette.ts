/**
 * Records what models and embedders answer, and plays it back without a network: for tests of crews and calls.
 *
 * It stands where a request would leave: retries, schemas, stop sequences and the ledger are as they are
 * with the model itself. A failure that may pass is not recorded: a replay does not repeat the weather.
 */
import { resolve as resolvePath } from 'node:path';
import { type JsonObject, toJson } from '../base/json.ts';
import { Problems, show } from '../base/problems.ts';
import type { Cassette } from '../ports/cassette.ts';
import type { Model, ModelReply } from '../ports/model.ts';
import { piecesOf } from '../protocol/pieces.ts';
import { type Call, type Deck, missing, Recorder, replyTo, type Source } from './cassette-deck.ts';
import { embedders } from './cassette-embedder.ts';
import { readRecording, writeRecording } from './cassette-file.ts';
import { CassettePlayer } from './cassette-player.ts';
import { createScrubber, type Redaction } from './cassette-scrub.ts';

export interface CassetteOptions {
  /**
   * `record` asks the models and writes a new file; `replay` asks nobody; `auto` replays where the file
   * exists, and else records. @default 'auto'
   */
  readonly mode?: 'record' | 'replay' | 'auto';
  /** Texts and patterns to hide in the file, besides keys and tokens. @default [] */
  readonly redact?: readonly Redaction[];
}

/**
 * Give it to `createRuntime({ cassette })` for all models of a runtime, or wrap one model with it.
 *
 * @throws RegattaError `definition/invalid`; in calls `cassette/drift`, `cassette/missing`,
 * `cassette/bad-file`.
 * @example
 * await using runtime = createRuntime({ env: process.env, cassette: cassette('fixtures/trip.json') });
 * const { text } = await runtime.run(crew, { inputs });
 */
export function cassette(file: string, { mode = 'auto', redact = [] }: CassetteOptions = {}): Cassette {
  check(file, mode);
  const path = resolvePath(file);
  const { scrub, hide } = createScrubber(redact);
  let deck: Promise<Deck> | undefined;
  const start = async (): Promise<Deck> => {
    const recording = mode === 'record' ? undefined : await readRecording(path);
    if (recording !== undefined) return { does: 'play', player: new CassettePlayer(recording), recording };
    if (mode === 'replay') throw missing(file, null);
    return { does: 'record', recorder: new Recorder() };
  };
  const open = (): Promise<Deck> => {
    deck ??= start();
    return deck;
  };
  const scrubbed = (value: unknown): JsonObject => scrub(toJson(value)) as JsonObject; // an object stays one
  const playOrRecord = (model: Model): Model => {
    const { id, price, parameters = {}, takesSchema, takesJson } = model;
    return Object.freeze<Model>({
      id,
      price,
      parameters,
      takesSchema,
      takesJson,
      async call(request, context, tell) {
        context.signal.throwIfAborted();
        const { attempt: _, ...rest } = request;
        const asked = { model: id, request: scrubbed({ ...rest, parameters }) };
        const current = await open();
        if (current.does === 'play')
          return await play({ request, context, tell, asked }, { player: current.player, file });
        const { recorder } = current;
        recorder.know(model);
        return await recorder.record(model, { request, context, tell, asked }, scrubbed);
      },
    });
  };
  return Object.freeze<Cassette>({
    wrap: playOrRecord,
    async open({ id, parameters, secrets }, openModel) {
      hide(secrets);
      const current = await open();
      if (current.does === 'record') return playOrRecord({ ...unwrapped(await openModel()), id, parameters });
      const { takesSchema, takesJson } = current.recording.models[id] ?? {};
      const takes = { takesSchema: takesSchema ?? undefined, takesJson: takesJson ?? undefined };
      return playOrRecord({ id, parameters, ...takes, call: refuse });
    },
    ...embedders({ file, open, hide, scrubbed }),
    async save() {
      const current = await deck?.catch(() => undefined); // a call has thrown what is wrong with the file
      if (current?.does === 'record') await writeRecording(path, current.recorder.recording());
    },
  });
}

async function play({ context, tell, asked }: Call, source: Source): Promise<ModelReply> {
  const answer = replyTo(asked, context.runId, source) as unknown as ModelReply; // as `record` has written it
  if (context.wantsDeltas)
    for (const piece of piecesOf(answer.message)) await tell({ type: 'delta', ...piece });
  return answer;
}

/** Its fields, so that some can be given anew. */
function unwrapped(model: Model): Model {
  const { id, price, parameters, takesSchema, takesJson } = model;
  return {
    id,
    price,
    parameters,
    takesSchema,
    takesJson,
    call: (...asked) => model.call(...asked),
  };
}

function refuse(): never {
  throw new TypeError('A model that is played is not called.');
}

function check(file: unknown, mode: unknown): void {
  const problems = new Problems('The cassette');
  problems.text('file', file);
  if (mode !== 'record' && mode !== 'replay' && mode !== 'auto') {
    const text = `mode must be "record", "replay" or "auto", got ${show(mode)}. Choose one.`;
    problems.add('mode', mode, text);
  }
  problems.throwIfAny();
}
