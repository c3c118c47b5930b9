/** What a cassette does once it has looked for its file: it records, or it plays. */
import { toErrorData } from '../base/error-data.ts';
import { type ErrorCode, isRegattaError, RegattaError } from '../base/errors.ts';
import { deepFreeze, type JsonObject } from '../base/json.ts';
import type { CallContext } from '../ports/call-context.ts';
import type { Embedder } from '../ports/embedder.ts';
import type { Model, ModelReply, ModelRequest, TellNews } from '../ports/model.ts';
import { describeDifferences, differencesOf } from './cassette-drift.ts';
import type { RecordedModel, Recording, Track } from './cassette-file.ts';
import type { Asked, CassettePlayer } from './cassette-player.ts';

export type Deck =
  | { readonly does: 'play'; readonly player: CassettePlayer; readonly recording: Recording }
  | { readonly does: 'record'; readonly recorder: Recorder };

export interface Call {
  readonly request: ModelRequest;
  readonly context: CallContext;
  readonly tell: TellNews;
  readonly asked: Asked;
}

/** Keeps what is recorded, until it is saved. */
export class Recorder {
  readonly #models: Record<string, RecordedModel> = {};
  /** By run, in the order of their first requests. */
  readonly #runs = new Map<string, (Track | undefined)[]>();

  know({ id, takesSchema, takesJson }: Model): void {
    const takes = { takesSchema: takesSchema ?? null, ...(takesJson ? { takesJson } : {}) };
    this.#models[id] = { ...this.#models[id], ...takes };
  }

  knowEmbedder({ id, maxTexts }: Embedder): void {
    this.#models[id] = { takesSchema: null, ...this.#models[id], ...(maxTexts ? { maxTexts } : {}) };
  }

  async record(
    model: Model,
    { request, context, tell, asked }: Call,
    scrubbed: (value: unknown) => JsonObject,
  ): Promise<ModelReply> {
    const put = this.place(context);
    try {
      const reply = await model.call(request, context, tell);
      put({ ...asked, reply: scrubbed(reply), error: null });
      return reply;
    } catch (error) {
      if (!context.signal.aborted && isFinal(error))
        put({ ...asked, reply: null, error: scrubbed(toErrorData(error)) });
      throw error;
    }
  }

  /** Where a request's track is to be put: in the order of requests, not of answers. */
  place({ runId }: CallContext): (track: Track) => void {
    const tracks = this.#runs.get(runId) ?? [];
    this.#runs.set(runId, tracks);
    const place = tracks.push(undefined) - 1;
    return (track) => {
      tracks[place] = track;
    };
  }

  recording(): Recording {
    const runs = Array.from(this.#runs.values(), (tracks) => tracks.filter((track) => track !== undefined));
    return { models: this.#models, runs: runs.filter((tracks) => tracks.length > 0) };
  }
}

/** It would be so the next time. */
export function isFinal(error: unknown): boolean {
  return isRegattaError(error) && 'retryable' in error.details && !error.details.retryable;
}

export interface Source {
  readonly player: CassettePlayer;
  readonly file: string;
}

/** The reply that was recorded for `asked`. @throws what was thrown then, or what is wrong with the recording. */
export function replyTo(asked: Asked, runId: string, { player, file }: Source): JsonObject {
  const found = player.find(runId, asked);
  if (found.is === 'missing') throw missing(file, asked.model);
  if (found.is === 'drift') throw drift(file, asked, found.expected);
  const { reply, error } = found.track;
  if (reply === null) throw revive(error ?? {});
  return deepFreeze(structuredClone(reply));
}

function revive({ code, message, details }: JsonObject): RegattaError {
  return new RegattaError(code as ErrorCode, String(message), details as never); // as `toErrorData` gave it
}

export function missing(file: string, model: string | null): RegattaError {
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
