/**
 * The part of a cassette that stands for embedders.
 *
 * A vector is kept as the text of its JSON: in one line, exact, and safe from what takes out secrets.
 */
import { toErrorData } from '../base/error-data.ts';
import { deepFreeze, type JsonObject } from '../base/json.ts';
import type { CallContext } from '../ports/call-context.ts';
import type { Cassette } from '../ports/cassette.ts';
import type { Embedder, EmbedReply } from '../ports/embedder.ts';
import { type Deck, isFinal, replyTo } from './cassette-deck.ts';
import type { Track } from './cassette-file.ts';

interface Tape {
  readonly file: string;
  readonly open: () => Promise<Deck>;
  readonly hide: (secrets: readonly string[]) => void;
  readonly scrubbed: (value: unknown) => JsonObject;
}

export function embedders({
  file,
  open,
  hide,
  scrubbed,
}: Tape): Pick<Cassette, 'wrapEmbedder' | 'openEmbedder'> {
  const playOrRecord = (embedder: Embedder, parameters: JsonObject): Embedder => {
    const { id, maxTexts, price } = embedder;
    return Object.freeze<Embedder>({
      id,
      maxTexts,
      price,
      async embed(texts, context) {
        context.signal.throwIfAborted();
        const asked = { model: id, request: scrubbed({ texts, parameters }) };
        const current = await open();
        if (current.does === 'play') {
          return fromTrack(replyTo(asked, context.runId, { player: current.player, file }));
        }
        const { recorder } = current;
        recorder.knowEmbedder(embedder);
        const put = recorder.place(context);
        return await record(() => embedder.embed(texts, context), { context, asked, put, scrubbed });
      },
    });
  };
  return {
    wrapEmbedder: (embedder) => playOrRecord(embedder, {}),
    async openEmbedder({ id, parameters, secrets }, openEmbedder) {
      hide(secrets);
      const current = await open();
      if (current.does === 'record') return playOrRecord({ ...(await openEmbedder()), id }, parameters);
      const { maxTexts } = current.recording.models[id] ?? {};
      return playOrRecord({ id, maxTexts, embed: refuse }, parameters);
    },
  };
}

interface Recorded extends Pick<Tape, 'scrubbed'> {
  readonly context: CallContext;
  readonly asked: Pick<Track, 'model' | 'request'>;
  readonly put: (track: Track) => void;
}

async function record(
  embed: () => Promise<EmbedReply>,
  { context, asked, put, scrubbed }: Recorded,
): Promise<EmbedReply> {
  try {
    const { vectors, ...rest } = await embed();
    const texts = vectors.map((vector) => JSON.stringify(vector));
    put({ ...asked, reply: { ...scrubbed(rest), vectors: texts }, error: null });
    return { vectors, ...rest };
  } catch (error) {
    if (!context.signal.aborted && isFinal(error))
      put({ ...asked, reply: null, error: scrubbed(toErrorData(error)) });
    throw error;
  }
}

function fromTrack({ vectors, ...rest }: JsonObject): EmbedReply {
  const texts = Array.isArray(vectors) ? vectors : [];
  const reply = { ...rest, vectors: texts.map((text) => JSON.parse(String(text))) };
  return deepFreeze(reply) as unknown as EmbedReply; // as `record` has written it
}

function refuse(): Promise<EmbedReply> {
  return Promise.reject(new TypeError('An embedder that is played is not called.'));
}
