/**
 * Records what models answer, and plays it back without a network: for tests of crews and calls.
 *
 * It stands where a request would leave: retries, schemas, stop sequences and the ledger are as they are
 * with the model itself. A failure that may pass is not recorded: a replay does not repeat the weather.
 */
import { resolve as resolvePath } from 'node:path';
import { toErrorData } from '../base/error-data.ts';
import { type ErrorCode, isRegattaError, RegattaError } from '../base/errors.ts';
import { deepFreeze, type JsonObject, toJson } from '../base/json.ts';
import { Problems, show } from '../base/problems.ts';
import type { CallContext } from '../ports/call-context.ts';
import type { Cassette } from '../ports/cassette.ts';
import type { Model, ModelEvent, ModelReply, ModelRequest } from '../ports/model.ts';
import { piecesOf } from '../protocol/pieces.ts';
import { describeDifferences, differencesOf } from './cassette-drift.ts';
import {
  type RecordedModel,
  type Recording,
  readRecording,
  type Track,
  writeRecording,
} from './cassette-file.ts';
import { type Asked, CassettePlayer } from './cassette-player.ts';
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

type News = AsyncGenerator<ModelEvent, ModelReply, void>;

/** What a cassette does, once it has looked for its file. */
type Deck =
  | { readonly does: 'play'; readonly player: CassettePlayer; readonly recording: Recording }
  | { readonly does: 'record'; readonly recorder: Recorder };

interface Call {
  readonly request: ModelRequest;
  readonly context: CallContext;
  readonly asked: Asked;
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
      async *call(request, context) {
        context.signal.throwIfAborted();
        const { attempt: _, ...rest } = request;
        const asked = { model: id, request: scrubbed({ ...rest, parameters }) };
        const current = await open();
        if (current.does === 'play')
          return yield* play({ request, context, asked }, { player: current.player, file });
        const { recorder } = current;
        recorder.know(model);
        return yield* recorder.record(model, { request, context, asked }, scrubbed);
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
    async save() {
      const current = await deck?.catch(() => undefined); // a call has thrown what is wrong with the file
      if (current?.does === 'record') await writeRecording(path, current.recorder.recording());
    },
  });
}

/** Keeps what is recorded, until it is saved. */
class Recorder {
  readonly #models: Record<string, RecordedModel> = {};
  /** By run, in the order of their first requests. */
  readonly #runs = new Map<string, (Track | undefined)[]>();

  know({ id, takesSchema, takesJson }: Model): void {
    this.#models[id] = { takesSchema: takesSchema ?? null, ...(takesJson ? { takesJson } : {}) };
  }

  async *record(
    model: Model,
    { request, context, asked }: Call,
    scrubbed: (value: unknown) => JsonObject,
  ): News {
    const tracks = this.#runs.get(context.runId) ?? [];
    this.#runs.set(context.runId, tracks);
    const place = tracks.push(undefined) - 1; // in the order of requests, not of answers
    try {
      const reply = yield* model.call(request, context);
      tracks[place] = { ...asked, reply: scrubbed(reply), error: null };
      return reply;
    } catch (error) {
      if (!context.signal.aborted && isFinal(error))
        tracks[place] = { ...asked, reply: null, error: scrubbed(toErrorData(error)) };
      throw error;
    }
  }

  recording(): Recording {
    const runs = Array.from(this.#runs.values(), (tracks) => tracks.filter((track) => track !== undefined));
    return { models: this.#models, runs: runs.filter((tracks) => tracks.length > 0) };
  }
}

/** It would be so the next time. */
function isFinal(error: unknown): boolean {
  return isRegattaError(error) && 'retryable' in error.details && !error.details.retryable;
}

interface Source {
  readonly player: CassettePlayer;
  readonly file: string;
}

async function* play({ context, asked }: Call, { player, file }: Source): News {
  const found = player.find(context.runId, asked);
  if (found.is === 'missing') throw missing(file, asked.model);
  if (found.is === 'drift') throw drift(file, asked, found.expected);
  const { reply, error } = found.track;
  if (reply === null) throw revive(error ?? {});
  const answer = deepFreeze(structuredClone(reply)) as unknown as ModelReply; // as `record` has written it
  if (context.wantsDeltas) for (const piece of piecesOf(answer.message)) yield { type: 'delta', ...piece };
  return answer;
}

function revive({ code, message, details }: JsonObject): RegattaError {
  return new RegattaError(code as ErrorCode, String(message), details as never); // as `toErrorData` gave it
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
    call: (request, context) => model.call(request, context),
  };
}

function refuse(): News {
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

function missing(file: string, model: string | null): RegattaError {
  const what =
    model === null ? 'does not exist' : `has no answer of "${model}" for this run that is not played yet`;
  return new RegattaError(
    'cassette/missing',
    `The cassette "${file}" ${what}. Record it anew with mode: "record".`,
    {
      file,
      model,
    },
  );
}

function drift(file: string, asked: Asked, expected: Asked): RegattaError {
  const differences = differencesOf(
    { model: expected.model, ...expected.request },
    { model: asked.model, ...asked.request },
  );
  return new RegattaError(
    'cassette/drift',
    `A request to "${asked.model}" is not the one on the cassette "${file}". Record it anew with mode: "record", or undo the change:\n${describeDifferences(differences)}`,
    { file, model: asked.model, differences },
  );
}
