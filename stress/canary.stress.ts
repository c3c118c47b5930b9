import { inspect } from 'node:util';
import { Agent, Crew, createRuntime, defineTool, isRegattaError, LLM, type RunEvent, Task } from 'regatta';
import { expect, test } from 'vitest';
import { canaryOf, type Hits, search } from './canary.ts';
import { chatCompletion, refusal } from './chat-completion.ts';
import { report } from './report.ts';
import { pick } from './volume.ts';

/** What a run's own events, requests and errors may hold of its tenant's secrets. */
const SPOKEN = ['prompt', 'tool'] as const;

interface Seen {
  events: number;
  requests: number;
  refused: number;
  failed: number;
}

/** The same agents and tasks serve every tenant. */
const vault = defineTool({
  name: 'vault',
  description: 'Reads what the tenant keeps.',
  input: { type: 'object', properties: {} },
  execute: (_, { context }) => {
    const { tenant } = context as Tenant; // every run of this file is given one
    if (Math.random() < 0.05) throw new Error(`The vault of ${canaryOf(tenant, 'tool')} is stuck.`);
    return canaryOf(tenant, 'tool');
  },
});
const agent = new Agent({ role: 'Teller', goal: 'Serve', tools: [vault] });
const first = new Task({ name: 'ask', description: 'Ask for {secret}', expectedOutput: 'A word', agent });
const second = new Task({ name: 'tell', description: 'Tell', expectedOutput: 'A word', agent, tools: [] });
const crew = new Crew({ agents: [agent], tasks: [first, second] });

interface Tenant {
  readonly tenant: number;
  readonly token: string;
}

function openTenant(tenant: number, seen: Seen, hits: Hits) {
  const key = canaryOf(tenant, 'key');
  const isKeyInEnv = tenant % 2 === 0;
  const look = (place: string, text: string): void =>
    search(text, { owner: tenant, allowed: SPOKEN, place }, hits);
  const fetch = async (_: unknown, init: RequestInit = {}): Promise<Response> => {
    seen.requests++;
    look('request', String(init.body));
    const headers = JSON.stringify([...new Headers(init.headers)]);
    search(headers, { owner: tenant, allowed: ['key'], place: 'headers' }, hits);
    expect(headers).toContain(key);
    await new Promise(setImmediate);
    if (Math.random() > 0.03) return chatCompletion(String(init.body));
    seen.refused++;
    return refusal(`Incorrect API key provided: ${key}.`); // some servers quote the key that they refuse
  };
  const listen = (event: RunEvent): void => {
    seen.events++;
    look('event', JSON.stringify(event));
  };
  const llm = new LLM({
    model: 'openai/gpt-stress',
    api: 'chat',
    fetch,
    headers: { 'x-tenant': String(tenant) },
    ...(isKeyInEnv ? {} : { apiKey: key }),
  });
  const runtime = createRuntime({ llm, env: isKeyInEnv ? { OPENAI_API_KEY: key } : {}, callbacks: [listen] });
  return async (): Promise<void> => {
    const run = runtime.start(crew, {
      inputs: { secret: canaryOf(tenant, 'prompt') },
      context: { tenant, token: canaryOf(tenant, 'context') } satisfies Tenant,
    });
    const outcome = await run.result.catch((error: unknown) => error);
    if (outcome instanceof Error) {
      seen.failed++;
      expect(isRegattaError(outcome)).toBe(true);
    }
    const audit = await run.flush();
    const shown = { outcome, run, runtime, llm, crew, audit, ledger: run.ledger };
    for (const [place, value] of Object.entries(shown)) {
      look(place, JSON.stringify(value));
      look(`${place}, inspected`, inspect(value, { depth: 12, showHidden: true }));
    }
  };
}

test('D08: secrets of a tenant reach no other tenant, and keys and context reach no event', async (context) => {
  const events = pick({ short: 50_000, long: 1_000_000 });
  const hits = noHits();
  const seen: Seen = { events: 0, requests: 0, refused: 0, failed: 0 };
  const tenants = Array.from({ length: 40 }, (_, tenant) => openTenant(tenant, seen, hits));
  // Two runs of each tenant at a time, so that runs of all tenants are always under way together.
  await Promise.all(
    [...tenants, ...tenants].map(async (runOnce) => {
      while (seen.events < events) await runOnce();
    }),
  );
  const { foreign, leaked, places } = hits;
  report(context, { tenants: tenants.length, ...seen, foreign, leaked });
  expect([...places]).toEqual([]);
  expect({ foreign, leaked }).toEqual({ foreign: 0, leaked: 0 });
  expect(seen.refused).toBeGreaterThan(0);
  expect(seen.failed).toBeGreaterThan(0);
});

test('D08: the search sees secrets that are planted', () => {
  const hits = noHits();
  const text = `${canaryOf(1, 'prompt')} ${canaryOf(1, 'key')} ${canaryOf(2, 'tool')}`;
  search(text, { owner: 1, allowed: SPOKEN, place: 'text' }, hits);
  expect(hits).toEqual({ foreign: 1, leaked: 1, places: new Set(['key in text', 'foreign tool in text']) });
});

function noHits(): Hits {
  return { foreign: 0, leaked: 0, places: new Set() };
}
