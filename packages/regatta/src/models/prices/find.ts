/**
 * Prices and context windows that are known, by the provider's own name of the model.
 *
 * A model is found by its name, or by that name with a date, a release or a region where the table says
 * so. Nothing is guessed: what is not found is not known, and its cost is `null`.
 */
import type { Price, PriceRates } from '../../protocol/usage.ts';
import { PRICE_ROWS } from './table.ts';

interface Row {
  readonly contextWindow: number | null;
  /** With the day from which each holds, as `2027-01-01`, oldest first; the first one has none. */
  readonly prices: { readonly from: string; readonly price: Price }[];
}

/** Providers that sell the same under the same names. */
const SAME_AS: Readonly<Record<string, string>> = { gemini: 'google', vertex: 'google' };
const RELEASE = /[-@](?:\d{4}-\d{2}-\d{2}|\d{8}|\d{3}|latest)$/;
const REGION = /^(?:us|eu|apac|us-gov|au|jp|in|ca|sa|global)\./;

/** One reading of the table, made when somebody asks. */
const cache: {
  sections?: ReadonlyMap<string, string>;
  readonly rows: Map<string, ReadonlyMap<string, Row>>;
} = {
  rows: new Map(),
};

/** The price on the day of `now`, in milliseconds since the epoch. Undefined = not known. */
export function findPrice(provider: string, modelId: string, now: number = Date.now()): Price | undefined {
  const row = findRow(provider, modelId);
  if (row === undefined || row.prices.length === 0) return undefined;
  const today = new Date(now).toISOString().slice(0, 10);
  return row.prices.findLast(({ from }) => from <= today)?.price;
}

/** Tokens of prompt and answer together. Null = not known. */
export function findContextWindow(provider: string, modelId: string): number | null {
  return findRow(provider, modelId)?.contextWindow ?? null;
}

function findRow(provider: string, modelId: string): Row | undefined {
  const rows = rowsOf(SAME_AS[provider] ?? provider);
  if (rows === undefined) return undefined;
  const id = modelId.toLowerCase();
  return (
    rows.get(id) ??
    rows.get(`${id.replace(RELEASE, '')}~`) ?? // also as it is
    rows.get(`*${id.replace(REGION, '')}`)
  );
}

function rowsOf(provider: string): ReadonlyMap<string, Row> | undefined {
  const known = cache.rows.get(provider);
  if (known !== undefined) return known;
  cache.sections ??= readSections();
  const section = cache.sections.get(provider);
  if (section === undefined) return undefined;
  const rows = readRows(section);
  cache.rows.set(provider, rows);
  return rows;
}

function readSections(): ReadonlyMap<string, string> {
  const sections = PRICE_ROWS.split(/^# /m).slice(1);
  return new Map(sections.map((section) => [section.slice(0, section.indexOf(' ')), section]));
}

function readRows(section: string): ReadonlyMap<string, Row> {
  const rows = new Map<string, Row>();
  for (const line of section.split('\n').slice(1)) {
    const [names = '', context = '', from = '', ...cells] = line.split('\t');
    const price = readPrice(cells.map((cell) => (cell === '' ? undefined : Number(cell))));
    for (const name of names.toLowerCase().split(' ')) {
      if (name === '') continue;
      const row = rows.get(name) ?? { contextWindow: context === '' ? null : Number(context), prices: [] };
      if (price !== undefined) row.prices.push({ from, price });
      rows.set(name, row);
    }
  }
  return rows;
}

function readPrice(cells: readonly (number | undefined)[]): Price | undefined {
  const base = readRates(cells.slice(0, 4));
  const above = cells[4];
  const long = readRates(cells.slice(5));
  if (base === undefined) return undefined;
  if (above === undefined || long === undefined) return Object.freeze(base);
  return Object.freeze({ ...base, longInput: Object.freeze({ aboveInputTokens: above, ...long }) });
}

function readRates([input, output, cached, written]: readonly (number | undefined)[]):
  | PriceRates
  | undefined {
  if (input === undefined || output === undefined) return undefined;
  return {
    inputUsdPerMillion: input,
    outputUsdPerMillion: output,
    ...(cached === undefined ? {} : { cachedInputUsdPerMillion: cached }),
    ...(written === undefined ? {} : { cacheWriteUsdPerMillion: written }),
  };
}
