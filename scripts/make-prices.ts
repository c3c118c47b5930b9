// Writes the price table of the package from @pydantic/genai-prices, which keeps prices by provider with their
// sources. Run it after an update of that package: node scripts/make-prices.ts
//
// A model has a row only where its price is a price of tokens and the same at every hour. A pattern of ids becomes
// names that stand for it alone: what a name does not say has no price.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findProvider, type ModelInfo, type ModelPrice } from '@pydantic/genai-prices';

const PACKAGE = '@pydantic/genai-prices';

/** Ours, theirs. Azure's ids are names of deployments, which say nothing of the model. */
const PROVIDERS: readonly (readonly [ours: string, theirs: string])[] = [
  ['anthropic', 'anthropic'],
  ['bedrock', 'aws'],
  ['cerebras', 'cerebras'],
  ['cohere', 'cohere'],
  ['deepseek', 'deepseek'],
  ['fireworks', 'fireworks'],
  ['google', 'google'],
  ['groq', 'groq'],
  ['mistral', 'mistral'],
  ['openai', 'openai'],
  ['openrouter', 'openrouter'],
  ['perplexity', 'perplexity'],
  ['togetherai', 'together'],
  ['xai', 'x-ai'],
];

type Match = ModelInfo['match'];
type Amount = ModelPrice[string];

/** Prices by token that our usage tells apart. Searches and stores are no tokens, and are billed beside them. */
const TOKENS = ['input_mtok', 'output_mtok', 'cache_read_mtok', 'cache_write_mtok'] as const;
/**
 * No reason to leave a row out: cache writes that are kept for an hour and audio that is read cost more than the
 * row says. Anything else that is billed apart would make the row wrong.
 */
const LEFT_ASIDE =
  /^(web_searches_kcount|storage_searches_kcount|cache_write_1h_mtok|input_(audio|image|video)_mtok|cache_(audio|image)_read_mtok)$/;

/** Their tokens are not all text, and our usage does not tell which are. */
const NOT_TEXT = /audio|tts|transcribe|realtime|image|ocr|moderation|whisper|sonic|-live/;

/** `~` = a date, a release or `latest` may follow; `*` = a region may come before. */
function namesOf(match: Match, id: string): readonly string[] {
  if ('or' in match) return match.or.flatMap((inner) => namesOf(inner, id));
  if ('and' in match) return match.and.flatMap((inner) => ('regex' in inner ? [] : namesOf(inner, id)));
  if ('equals' in match) return [match.equals];
  if ('ends_with' in match) return [match.ends_with];
  if ('regex' in match) return datedName(match.regex);
  const isAnywhere = 'contains' in match;
  const part = isAnywhere ? match.contains : match.starts_with;
  const core = part.replace(/[-@](2\d{3}-?)?$/, '');
  // Half of a number or of a word stands for no model.
  if (/-0$|-exp$|-thinking$|:|\/|\.ft|^ft$/.test(core)) return [];
  if (!/^(global|regional|[a-z0-9]+)\./.test(id)) return [`${core}~`];
  return bedrockNames(core, id, isAnywhere);
}

/** `^gpt-6-sol-\d{4}-\d{2}-\d{2}$` is the model with a date. */
function datedName(regex: string): readonly string[] {
  const name = /^\^([\w\\.-]+?)-\\d\{(?:8|4\}-\\d\{2\}-\\d\{2)\}\$$/.exec(regex)?.[1];
  return name === undefined ? [] : [`${name.replaceAll('\\', '')}~`];
}

/** Ids of Bedrock end in a version, which the patterns leave open: only that of the row's own id is taken. */
function bedrockNames(core: string, id: string, isAnywhere: boolean): readonly string[] {
  const bare = core.replace(/^(?:[a-z-]+\.)?(?:[a-z0-9]+\.)/, '');
  const at = id.indexOf(bare);
  const version = at === -1 ? '' : id.slice(at + bare.length);
  const isOfAnyRegion = isAnywhere && !/^(global|us|eu|jp|au|in|apac|us-gov)\./.test(core);
  const vendor = /^(?:global|regional)\.([a-z0-9]+)\./.exec(id)?.[1];
  const named = isOfAnyRegion && vendor !== undefined && !core.includes('.') ? `${vendor}.${core}` : core;
  return [named, named + version, named + version.replace(/:\d+$/, '')].map((name) =>
    isOfAnyRegion ? `*${name}` : name,
  );
}

interface Rates {
  readonly above: number | null;
  readonly rates: readonly (number | null)[];
}

/** The rates of short prompts, and those of long ones where they differ; undefined for what is not priced by token. */
function ratesOf(id: string, price: ModelPrice): readonly Rates[] | undefined {
  const others = Object.keys(price).filter((key) => !TOKENS.includes(key as (typeof TOKENS)[number])); // only compared
  const isOther = others.some((key) => !LEFT_ASIDE.test(key) && !isReasoningAtOutput(key, price));
  if (isOther || NOT_TEXT.test(id) || price.input_mtok === undefined) return undefined;
  if (price.output_mtok === undefined && !/embed/.test(id)) return undefined;
  const amounts: readonly (Amount | undefined)[] = TOKENS.map(
    (key) => price[key] ?? (key === 'output_mtok' ? 0 : undefined),
  );
  const starts = amounts.flatMap((amount) =>
    typeof amount === 'object' ? amount.tiers.map(({ start }) => start) : [],
  );
  const [start] = starts;
  const base = {
    above: null,
    rates: amounts.map((amount) => (typeof amount === 'object' ? amount.base : (amount ?? null))),
  };
  if (start === undefined) return [base];
  if (starts.some((other) => other !== start)) throw new Error(`${id} has several tiers: teach this script.`);
  const long = amounts.map((amount) =>
    typeof amount === 'object' ? (amount.tiers[0]?.price ?? null) : (amount ?? null),
  );
  return [base, { above: start, rates: long }];
}

function isReasoningAtOutput(key: string, price: ModelPrice): boolean {
  return key === 'output_reasoning_mtok' && price[key] === price.output_mtok;
}

/** Prices with the day from which they hold, oldest first; only the one of today and those to come. */
function datedPrices(
  prices: ModelInfo['prices'],
  today: string,
): readonly { readonly from: string; readonly price: ModelPrice }[] {
  if (!Array.isArray(prices)) return [{ from: '', price: prices }];
  if (prices.some(({ constraint }) => constraint?.type === 'time_of_date')) return [];
  const dated = prices.map(({ constraint, prices: price }) => ({
    from: constraint !== undefined && 'start_date' in constraint ? constraint.start_date : '',
    price,
  }));
  const current = dated.findLastIndex(({ from }) => from <= today);
  return dated.slice(current).map((entry, index) => (index === 0 ? { ...entry, from: '' } : entry));
}

function linesOf(
  { id, match, context_window: context, prices }: ModelInfo,
  today: string,
): readonly string[] {
  const names = [...new Set([id.replace(/^regional\./, ''), ...namesOf(match, id)])].filter(
    (name) => matches(match, name) && !/\s/.test(name),
  );
  if (names.length === 0) return [];
  const priced = datedPrices(prices, today).flatMap(({ from, price }) => {
    const rates = ratesOf(id, price);
    return rates === undefined ? [] : [{ from, rates }];
  });
  const cell = (value: number | string | null | undefined): string => String(value ?? '');
  if (priced.length === 0) return context === undefined ? [] : [[names.join(' '), cell(context)].join('\t')];
  return priced.map(({ from, rates }) =>
    [
      names.join(' '),
      cell(context),
      from,
      ...rates.flatMap(({ above, rates: row }) => (above === null ? row : [above, ...row]).map(cell)),
    ]
      .join('\t')
      .trimEnd(),
  );
}

/** Whether the package itself takes a name for this model: what was made of its pattern must still be one. */
function matches(match: Match, marked: string): boolean {
  const name = marked.replace(/^\*|~$/g, '');
  const isMet = (inner: Match, text: string): boolean => {
    if ('or' in inner) return inner.or.some((one) => isMet(one, text));
    if ('and' in inner) return inner.and.every((one) => isMet(one, text));
    if ('equals' in inner) return text === inner.equals;
    if ('starts_with' in inner) return text.startsWith(inner.starts_with);
    if ('ends_with' in inner) return text.endsWith(inner.ends_with);
    if ('contains' in inner) return text.includes(inner.contains);
    return new RegExp(inner.regex).test(text);
  };
  return [name, `${name}-20250101`, `${name}@20250101`, `${name}-2025-01-01`].some((text) =>
    isMet(match, text),
  );
}

function tableOf(today: string): string {
  const sections = PROVIDERS.map(([ours, theirs]) => {
    const provider = findProvider({ providerId: theirs });
    if (provider === undefined) throw new Error(`${PACKAGE} has no provider "${theirs}" any more.`);
    const lines = provider.models.flatMap((model) => linesOf(model, today));
    return [`# ${ours} ${(provider.pricing_urls ?? []).join(' ')}`, ...lines].join('\n');
  });
  return sections.join('\n');
}

if (import.meta.main) {
  const manifest = join(dirname(createRequire(import.meta.url).resolve(PACKAGE)), '..');
  const { version } = JSON.parse(readFileSync(join(manifest, 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const licence = readFileSync(join(manifest, 'LICENSE'), 'utf8').trim();
  const times = execFileSync('npm', ['view', PACKAGE, 'time', '--json'], { encoding: 'utf8' });
  const date = (JSON.parse(times) as Readonly<Record<string, string>>)[version]?.slice(0, 10) ?? 'unknown';
  const table = tableOf(new Date().toISOString().slice(0, 10));
  const target = fileURLToPath(new URL('../packages/regatta/src/models/prices/table.ts', import.meta.url));
  writeFileSync(
    target,
    `// @generated by scripts/make-prices.ts from ${PACKAGE} ${version}. Do not edit.
/**
 * Prices and context windows by provider. Source: the pages named after each provider, as ${PACKAGE}
 * ${version} of ${date} has them. Its licence:
 *
${licence.replace(/^/gm, ' * ').replace(/ +$/gm, '')}
 */

export const PRICES_SOURCE: string = '${PACKAGE} ${version}';
export const PRICES_DATE: string = '${date}';

/**
 * A line is: names of the model, its context window in tokens, the day from which the price holds, USD per million
 * tokens of input, output, cached input and cache writes; then, where long prompts cost more, the input tokens above
 * which they do, and the same four. Between the fields are tabs, an empty one is not known. In a name, \`~\` at the end
 * stands for a date, a release or \`latest\` that may follow, and \`*\` at the start for a region.
 */
export const PRICE_ROWS: string = \`${table.replaceAll('\\', '\\\\').replaceAll('`', '\\`').replaceAll('${', '\\${')}\`;
`,
  );
  console.log(
    `${table.split('\n').length - PROVIDERS.length} rows, ${table.length} characters, ${PACKAGE} ${version} of ${date}`,
  );
}
