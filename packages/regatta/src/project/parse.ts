/**
 * Reads YAML and JSON with places. The one file that knows the YAML package, which is loaded when a
 * project is.
 *
 * JSON is read as YAML, which contains it; so what is said of places and doubled keys holds for both.
 */
import type { Document, Node } from 'yaml';
import type { Findings } from './findings.ts';
import { blankComments } from './jsonc.ts';
import type { Place, Source } from './place.ts';
import type { Pair, Value } from './value.ts';

/** Parts of one file, aliases counted as often as they are used: an alias of aliases must not fill the memory. */
const MAX_PARTS = 100_000;

/** What `source` says; undefined after a problem that leaves nothing to read, or when the file is empty. */
export async function parseSource(source: Source, findings: Findings): Promise<Value | undefined> {
  const { LineCounter, parseDocument, isAlias, isMap, isScalar, isSeq } = await import('yaml');
  const counter = new LineCounter();
  const isJson = /\.jsonc?$/.test(source.file);
  const document: Document = parseDocument(isJson ? blankComments(source.text) : source.text, {
    lineCounter: counter,
    prettyErrors: false,
    uniqueKeys: true,
    logLevel: 'silent',
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = counter.linePos(offset);
    return { source, line: Math.max(1, line), column: Math.max(1, col) };
  };
  for (const { message, pos } of document.errors) {
    findings.add(placeAt(pos[0]), `${sentence(message)} Correct the ${isJson ? 'JSON' : 'YAML'} here.`);
  }
  if (document.errors.length > 0 || document.contents === null) return undefined;
  let parts = 0;
  const convert = (node: Node | null, fallback: number): Value => {
    const place = placeAt(node?.range?.[0] ?? fallback);
    parts += 1;
    if (parts > MAX_PARTS || node === null) return { kind: 'scalar', value: null, place };
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target !== undefined) return convert(target, fallback);
      findings.add(place, `Nothing before this alias is marked &${node.source}. Mark it, or write it out.`);
      return { kind: 'scalar', value: null, place };
    }
    if (isSeq(node)) {
      return {
        kind: 'list',
        items: node.items.map((item) => convert(item as Node | null, node.range?.[0] ?? 0)),
        place,
      }; // a parsed document has nodes, or null for nothing
    }
    if (isMap(node)) {
      const pairs = node.items.map(({ key, value }): Pair => {
        const name = convert(key as Node | null, 0); // as above
        const text = name.kind === 'scalar' ? String(name.value) : '?';
        return { key: text, place: name.place, value: convert(value as Node | null, offsetOf(key)) }; // as above
      });
      return { kind: 'mapping', entries: unfold(pairs), place };
    }
    const value: unknown = isScalar(node) ? node.value : null;
    return { kind: 'scalar', value: isPlain(value) ? value : String(value), place };
  };
  const value = convert(document.contents, 0);
  if (parts <= MAX_PARTS) return value;
  findings.add(value.place, `The file unfolds to more than ${MAX_PARTS} parts. Use fewer aliases.`);
  return undefined;
}

/** The pairs with those that `<<` brings in. One that stands in the mapping itself wins, then the first brought. */
function unfold(pairs: readonly Pair[]): readonly Pair[] {
  const merged = pairs
    .filter(({ key }) => key === '<<')
    .flatMap(({ value }) => (value.kind === 'list' ? value.items.toReversed() : [value]))
    .flatMap((value) => (value.kind === 'mapping' ? value.entries : []));
  const own = pairs.filter(({ key }) => key !== '<<');
  return [...new Map([...merged, ...own].map((pair) => [pair.key, pair])).values()];
}

function offsetOf(key: unknown): number {
  const range = (key as Node | null)?.range; // keys of a parsed document are nodes
  return range?.[1] ?? 0;
}

function isPlain(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function sentence(message: string): string {
  const text = message.trim();
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
