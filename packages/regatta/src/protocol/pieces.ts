/** A whole answer in pieces, for who reads pieces and gets an answer that is there already. */
import type { AssistantMessage } from './message.ts';

/** A part of an answer, as a piece of it is told. */
export interface Piece {
  readonly kind: 'text' | 'reasoning' | 'tool-call';
  readonly text: string;
  /** For `tool-call`. */
  readonly tool: string | null;
}

/** As few pieces as the answer has parts. */
export function* piecesOf({ content }: AssistantMessage): Generator<Piece> {
  for (const part of content) {
    if (part.type === 'text' || part.type === 'reasoning') {
      if (part.text !== '') yield { kind: part.type, text: part.text, tool: null };
    } else if (part.type === 'tool-call') {
      yield { kind: 'tool-call', text: part.rawArgs ?? JSON.stringify(part.args), tool: part.tool };
    }
  }
}
