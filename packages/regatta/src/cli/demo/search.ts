/** Search over a handful of rows: those that share the most words with the query, best first. */

const STOP_WORDS = new Set([
  'and',
  'are',
  'for',
  'from',
  'has',
  'its',
  'not',
  'the',
  'what',
  'which',
  'with',
]);

/** At most `limit` rows that share a word with `query`. Rows that are equally good keep their order. */
export function searchRows<Row>(
  rows: readonly Row[],
  query: string,
  { textOf, limit }: { readonly textOf: (row: Row) => string; readonly limit: number },
): readonly Row[] {
  const wanted = wordsOf(query);
  const scoreOf = (row: Row): number => [...wordsOf(textOf(row))].filter((word) => wanted.has(word)).length;
  const scored = rows.map((row) => ({ row, score: scoreOf(row) }));
  return scored
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, limit)
    .map(({ row }) => row);
}

/** Words of three letters or more, in lower case, a plural as its singular. */
function wordsOf(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\d]{3,}/gu) ?? [];
  return new Set(words.filter((word) => !STOP_WORDS.has(word)).map((word) => word.replace(/([^s])s$/, '$1')));
}
