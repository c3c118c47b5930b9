/**
 * Recorded traffic with providers, played to our models: what they give is compared field by field.
 *
 * `REGATTA_RECORDINGS` names a folder with more recordings (`public/`) and its own `replay-server.mjs`.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isJsonObject, parseJson, toJson } from '../base/json.ts';
import { createGate } from '../testing/index.ts';
import { createFetch } from './fetch.ts';
import { type Comparison, compare, firstDifference } from './fixtures/compare.fixture.ts';
import { createContext } from './fixtures/context.fixture.ts';
import { drive, openFor, readExchange, readSent, toRequest } from './fixtures/drive.fixture.ts';
import {
  compareEmbedding,
  EMBED_DIALECTS,
  type EmbedRequest,
  readEmbedRequest,
} from './fixtures/embedding.fixture.ts';
import { type Count, digestOf, readPassTable } from './fixtures/pass-table.fixture.ts';
import { DIALECTS } from './fixtures/recorded-request.fixture.ts';
import { type Exchange, readScenarios, type Scenario } from './fixtures/recording.fixture.ts';
import { type Replay, startReplay } from './fixtures/replay.fixture.ts';
import { builtinProviders } from './providers.ts';

const folder = process.env.REGATTA_RECORDINGS;
const scenarios = readScenarios(
  folder ? join(folder, 'public') : join(import.meta.dirname, 'fixtures', 'recordings'),
);

/** Where we read a recording differently, on purpose. Anything else that differs fails. */
const EXPLAINED: readonly {
  readonly field: RegExp;
  readonly applies: (exchange: Exchange, comparison: Comparison) => boolean;
  readonly why: string;
}[] = [
  {
    field: /^usage\.(cacheWrite|reasoning)$/,
    applies: (_, { want }) => want === null,
    why: 'The provider sends the count (thinking_tokens, cache_write_tokens); the recordings do not look there.',
  },
  {
    field: /^toolCall(s|Ids)$/,
    applies: ({ response }) => JSON.stringify(response.body).includes('tool_search_call'),
    why: 'A tool search with client execution is a call that waits for our answer, so it is given as one.',
  },
  {
    field: /^(text|finishReason)$/,
    applies: ({ expected }) => typeof expected.refusal === 'string',
    why: 'A refusal is given as the text of the answer, which ended by content filter.',
  },
  {
    field: /^threw$/,
    applies: ({ expected }) => expected.stream && expected.finishReason === null,
    why: 'A stream without a finish reason may have been cut off, so it is no answer.',
  },
];

/** What is not played, and why. An exchange that is neither played nor named here fails. */
const OUT_OF_SCOPE: readonly {
  readonly applies: (exchange: Exchange) => boolean;
  readonly why: string;
}[] = [
  {
    applies: ({ dialect }) => dialect === 'files',
    why: 'uploads of files: a message carries its files itself',
  },
  {
    applies: ({ dialect }) => dialect === 'ollama-generate',
    why: "Ollama's interface for bare prompts: it is asked by its OpenAI-compatible chat interface",
  },
  {
    applies: ({ dialect, request }) =>
      dialect === 'google-embed' && !request.url.includes(':batchEmbedContents'),
    why: 'the endpoint for one text: one text is asked as a list of one',
  },
];

/** What was counted, to be compared with what docs/models.md says. */
const counted = {
  byInterface: new Map<string, Map<string, Count>>(),
  explained: new Set<string>(),
  requests: '',
  requestDifferences: [] as string[],
  outOfScope: [] as string[],
};

const EMBED_FIELDS: readonly (keyof EmbedRequest)[] = ['modelId', 'texts', 'dimensions', 'providerOptions'];

let replay: Replay;
const providers = builtinProviders();

beforeAll(async () => {
  replay = folder ? await startTheirs(folder) : await startReplay(scenarios);
});

afterAll(async () => {
  await providers.close();
  await replay.close();
});

async function startTheirs(from: string): Promise<Replay> {
  const module = await import(pathToFileURL(join(from, 'replay-server.mjs')).href);
  return module.startReplay({ scenarios: module.loadScenarios(join(from, 'public')) });
}

/** Plays a scenario from its start; exchanges that no model makes are stepped over. */
async function play(
  { name, exchanges }: Scenario,
  options: string,
  see: (exchange: Exchange, index: number, comparisons: readonly Comparison[], sent: string) => void,
): Promise<void> {
  const baseURL = `${replay.url}/s/${name};${options}`;
  const own = createFetch({ connections: 4 });
  for (const [index, exchange] of exchanges.entries()) {
    const { method, url, body } = exchange.request;
    if (!isPlayed(exchange)) {
      const init = { method, body: JSON.stringify(body ?? null) };
      await (await fetch(baseURL + new URL(url).pathname, init)).arrayBuffer();
      continue;
    }
    let sent = '';
    const spy: typeof fetch = (input, init) => {
      sent = String(init?.body);
      return own.fetch(input, init);
    };
    const options = { providers, baseURL, fetch: spy };
    const comparisons = EMBED_DIALECTS.includes(exchange.dialect)
      ? await compareEmbedding(exchange, options)
      : compare(exchange, await drive(exchange, options));
    see(exchange, index, comparisons, sent);
  }
  await own.close();
}

function isPlayed(exchange: Exchange): boolean {
  const { dialect, expected } = exchange;
  const isKnown = [...DIALECTS, ...EMBED_DIALECTS].includes(dialect) && expected.kind !== 'file';
  return isKnown && !OUT_OF_SCOPE.some(({ applies }) => applies(exchange));
}

it('plays every exchange, but for what is out of scope', () => {
  const left = new Map<string, string[]>();
  for (const { name, exchanges } of scenarios.values()) {
    for (const [index, exchange] of exchanges.entries()) {
      if (isPlayed(exchange)) continue;
      const why = OUT_OF_SCOPE.find(({ applies }) => applies(exchange))?.why ?? '';
      left.set(why, [...(left.get(why) ?? []), `${name}#${index}`]);
      counted.outOfScope.push(`${name}#${index}`);
    }
  }
  for (const [why, names] of left) console.log([`out of scope, ${why}:`, ...names].join('\n  '));
  expect(left.get('')).toBeUndefined();
});

function tableOf(counts: ReadonlyMap<string, Count>): readonly string[] {
  return [...counts].sort().map(([name, { exchanges, compared, agreed }]) => {
    return `${name.padEnd(36)} ${exchanges} exchanges, ${agreed} of ${compared} fields agree`;
  });
}

describe.each(['event', 'random', 'byte'])('answers that arrive by %s', (chunk) => {
  it('read as the recordings say', { timeout: 180_000 }, async () => {
    let compared = 0;
    const counts = new Map<string, Count>();
    counted.byInterface.set(chunk, counts);
    const explained: string[] = [];
    const unexplained: string[] = [];
    await Promise.all(
      [...scenarios.values()].map((scenario) =>
        play(scenario, `session=${chunk};chunk=${chunk}`, (exchange, index, comparisons) => {
          const key = `${exchange.provider} ${exchange.dialect}`;
          const count = counts.get(key) ?? { exchanges: 0, compared: 0, agreed: 0 };
          counts.set(key, count);
          count.exchanges++;
          for (const comparison of comparisons) {
            compared++;
            count.compared++;
            if (comparison.agrees) count.agreed++;
            if (comparison.agrees) continue;
            const { field, got, want } = comparison;
            const line = `${scenario.name}#${index} ${field}: ${shown(got)}, recorded ${shown(want)}`;
            const reason = EXPLAINED.find(
              (entry) => entry.field.test(field) && entry.applies(exchange, comparison),
            );
            if (reason === undefined) {
              unexplained.push(line);
              continue;
            }
            explained.push(`${line}\n    ${reason.why}`);
            counted.explained.add(`${scenario.name}#${index} ${field}`);
          }
        }),
      ),
    );
    const agreed = compared - explained.length - unexplained.length;
    console.log(
      [
        `recordings: ${agreed} of ${compared} field comparisons agree (by ${chunk})`,
        ...tableOf(counts),
        ...explained,
      ].join('\n  '),
    );
    expect(unexplained).toEqual([]);
    expect(compared).toBeGreaterThan(0);
  });
});

it('what we send says what was sent then, but for what is listed', { timeout: 60_000 }, async () => {
  const fields = ['modelId', 'messages', 'tools', 'toolChoice', 'output'] as const;
  let compared = 0;
  const differences: string[] = [];
  for (const scenario of scenarios.values()) {
    await play(scenario, 'session=sent', (exchange, index, _, sent) => {
      const body = parseJson(sent);
      if (!isJsonObject(body)) return;
      if (EMBED_DIALECTS.includes(exchange.dialect)) {
        const [then, now] = [exchange.request.body, body].map((one) => readEmbedRequest(exchange, one));
        for (const field of EMBED_FIELDS) {
          compared++;
          if (isDeepStrictEqual(then?.[field], now?.[field])) continue;
          counted.requestDifferences.push(`${scenario.name}#${index} ${field}`);
          differences.push(
            `${scenario.name}#${index} ${field}: ${shown(now?.[field])}, recorded ${shown(then?.[field])}`,
          );
        }
        return;
      }
      const then = readExchange(exchange);
      const now = readSent(exchange, body);
      for (const field of fields) {
        compared++;
        if (isDeepStrictEqual(toJson(then[field]), toJson(now[field]))) continue;
        const { path, ours, theirs } = firstDifference(toJson(now[field]), toJson(then[field]));
        counted.requestDifferences.push(`${scenario.name}#${index} ${field}${path}`);
        differences.push(
          `${scenario.name}#${index} ${field}${path}: ${shown(ours)}, recorded ${shown(theirs)}`,
        );
      }
      for (const part of then.leftOut) differences.push(`${scenario.name}#${index}: no words for ${part}`);
    });
  }
  const said = differences.filter((line) => !line.includes('no words for')).length;
  counted.requests = `${compared - said} of ${compared}`;
  console.log([`requests: ${compared - said} of ${compared} fields agree`, ...differences].join('\n  '));
  expect(compared).toBeGreaterThan(0);
});

describe('docs/models.md says what was counted', () => {
  const table = readPassTable();
  const isDocumented = folder !== undefined && digestOf(scenarios.keys()) === table.digest;

  it.skipIf(folder !== undefined)('of the recordings in the repository', ({ skip }) => {
    if (counted.byInterface.size < 3 || counted.requests === '') skip('the other tests did not run');
    for (const [chunk, counts] of counted.byInterface)
      expect(sorted(counts), chunk).toEqual(sorted(table.committed));
    expect(counted.requests).toBe(table.requests.committed);
    for (const line of counted.explained) expect(table.explained).toContain(line);
    for (const line of counted.requestDifferences) expect(table.requestDifferences).toContain(line);
    for (const line of counted.outOfScope) expect(table.outOfScope).toContain(line);
  });

  if (!isDocumented)
    console.warn(
      folder === undefined
        ? 'SKIPPED: the table of all recordings in docs/models.md is not checked. Set REGATTA_RECORDINGS to their folder.'
        : `SKIPPED: the recordings in ${folder} are not those of the table in docs/models.md, which is not checked.`,
    );

  it.skipIf(!isDocumented)('of all recordings', ({ skip }) => {
    if (counted.byInterface.size < 3 || counted.requests === '') skip('the other tests did not run');
    for (const [chunk, counts] of counted.byInterface)
      expect(sorted(counts), chunk).toEqual(sorted(table.full));
    expect(counted.requests).toBe(table.requests.full);
    expect([...counted.explained].sort()).toEqual(table.explained);
    expect(counted.requestDifferences.sort()).toEqual(table.requestDifferences);
    expect(counted.outOfScope.sort()).toEqual(table.outOfScope);
  });
});

function sorted(counts: ReadonlyMap<string, Count>): readonly (readonly [string, Count])[] {
  return [...counts].sort();
}

describe('faults', () => {
  const textual = ['openai-chat', 'openai-responses', 'anthropic-messages', 'google-generate'];
  const streamed = [...textual, 'bedrock-converse-stream'].flatMap((dialect) => firstAnswer(dialect, true));
  const whole = [...textual, 'bedrock-converse'].flatMap((dialect) => firstAnswer(dialect, false));

  it('there are answers of every dialect to break, streamed and whole', () => {
    const dialectsOf = (answers: typeof streamed) => answers.map(({ dialect }) => dialect);
    expect(dialectsOf(streamed)).toEqual([...textual, 'bedrock-converse-stream']);
    // Those in the repository have no whole answer of Gemini's.
    const all = [...textual, 'bedrock-converse'].filter((name) => folder || name !== 'google-generate');
    expect(dialectsOf(whole)).toEqual(all);
  });

  it.each([...streamed, ...whole])(
    '$dialect: each ends in an answer or in the right error',
    { timeout: 60_000 },
    async ({ name, index, exchange }) => {
      const ends = async (fault: string, signal?: AbortSignal): Promise<string> => {
        const baseURL = `${replay.url}/s/${name};session=${fault};fault=${fault}@${index}`;
        for (const earlier of scenarios.get(name)?.exchanges.slice(0, index) ?? [])
          await drive(earlier, { providers, baseURL });
        const { reply, error } = await drive(exchange, { providers, baseURL, ...(signal ? { signal } : {}) });
        if (!reply) return String(error?.code);
        expect(
          compare(exchange, { reply, error, events: [] }).find(({ field }) => field === 'text')?.agrees,
        ).toBe(true);
        return 'answered';
      };
      expect(await ends('429')).toBe('model/rate-limit');
      expect(await ends('500')).toBe('model/failed');
      expect(await ends('503')).toBe('model/overloaded');
      expect(await ends('529')).toBe('model/overloaded');
      expect(await ends('reset')).toBe('model/network');
      expect(await ends('truncate')).toBe('model/malformed-response');
      expect(await ends('slow:0')).toBe('answered');
      if (textual.includes(exchange.dialect)) {
        expect(await ends('malformed')).toBe('model/malformed-response');
      }
      if (textual.includes(exchange.dialect) && exchange.expected.stream) {
        expect(await ends('crlf')).toBe('answered');
        expect(await ends('comments')).toBe('answered');
        expect(await ends('bom')).toBe('answered');
      }
      const gone = new AbortController();
      setTimeout(() => gone.abort(new Error('no patience')), 50);
      await expect(ends('hang', gone.signal)).rejects.toThrow('no patience');
    },
  );

  it.each(streamed)('$dialect: an answer may be left in the middle', async ({ name, index, exchange }) => {
    const model = await openFor(exchange, {
      providers,
      baseURL: `${replay.url}/s/${name};session=left;chunk=byte`,
    });
    for (const earlier of scenarios.get(name)?.exchanges.slice(0, index) ?? []) {
      await drive(earlier, { providers, baseURL: `${replay.url}/s/${name};session=left` });
    }
    const controller = new AbortController();
    const context = createContext({ wantsDeltas: true, signal: controller.signal });
    const first = createGate();
    const answer = model.call(toRequest(readExchange(exchange)), context, () => first.pass());
    await first.reached;
    controller.abort(new Error('enough'));
    first.open();
    await expect(answer).rejects.toThrow('enough');
  });

  it.each(streamed)(
    '$dialect: a caller that tries again after 429 gets the answer',
    async ({ name, index, exchange }) => {
      const baseURL = `${replay.url}/s/${name};session=again;fault=429@${index}`;
      for (const earlier of scenarios.get(name)?.exchanges.slice(0, index) ?? [])
        await drive(earlier, { providers, baseURL });
      const first = await drive(exchange, { providers, baseURL });
      expect(first.error?.details).toMatchObject({ status: 429, retryable: true, retryAfterMs: 1000 });
      const second = await drive(exchange, { providers, baseURL });
      expect(second.reply?.responseId).toBe(exchange.expected.responseId);
    },
  );
});

function firstAnswer(
  dialect: string,
  isStream: boolean,
): { dialect: string; name: string; index: number; exchange: Exchange }[] {
  for (const { name, exchanges } of scenarios.values()) {
    const index = exchanges.findIndex(
      (exchange) =>
        exchange.dialect === dialect &&
        exchange.provider !== 'groq' &&
        exchange.expected.kind === 'generation' &&
        exchange.expected.stream === isStream &&
        (exchange.expected.text || exchange.expected.toolCalls?.length),
    );
    const exchange = exchanges[index];
    if (exchange) return [{ dialect, name, index, exchange }];
  }
  return [];
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}
