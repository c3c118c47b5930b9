/** A memory of words in common: the smallest that keeps the contract. */
import type { Memory, Recollection } from '../ports/memory.ts';

interface Kept {
  readonly words: ReadonlySet<string>;
  readonly recollection: Recollection;
}

const wordsOf = (text: string): ReadonlySet<string> =>
  new Set(
    (text.toLowerCase().match(/[a-z]{4,}/g) ?? []).filter((word) => word !== 'find' && word !== 'where'),
  );

export function wordMemory(name = 'words'): Memory & { readonly size: number } {
  const kept = new Map<string, Kept>();
  return {
    name,
    get size() {
      return kept.size;
    },
    async recall({ text, limit }, { signal }) {
      signal.throwIfAborted();
      const asked = wordsOf(text);
      return [...kept.values()]
        .map(({ words, recollection }) => ({
          recollection,
          score: [...words].filter((word) => asked.has(word)).length,
        }))
        .filter(({ score }) => score > 0)
        .sort((one, other) => other.score - one.score)
        .slice(0, limit)
        .map(({ recollection }) => recollection);
    },
    async remember({ task, answer }, { signal, span }) {
      signal.throwIfAborted();
      const recollection = { text: answer, source: `${span.agent ?? 'somebody'}: ${task}` };
      kept.set(span.id, { words: wordsOf(`${task} ${answer}`), recollection });
    },
    async reset() {
      kept.clear();
    },
  };
}
