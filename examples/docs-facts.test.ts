/** What README.md and docs say about the source is true of the source. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { integrationNames, listProviders } from 'regatta';
import { expect, test } from 'vitest';
import { readPage, readPages, root } from './pages.fixture.ts';

const source = (path: string): string => readFileSync(join(root, 'packages/regatta/src', path), 'utf8');

/** As GitHub makes anchors of headings. */
function anchorsOf(markdown: string): ReadonlySet<string> {
  const headings = markdown.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} (.+)$/gm);
  return new Set(
    Array.from(headings, ([, text]) =>
      text!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

test('every link inside the repository leads somewhere', () => {
  for (const { path, text } of readPages()) {
    for (const [, target] of text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const [file, anchor] = target!.split('#');
      const to = file === '' ? path : join(dirname(path), file!);
      expect(existsSync(join(root, to)), `${path} links to ${target}`).toBe(true);
      if (anchor) expect(anchorsOf(readPage(to)), `${path} links to ${target}`).toContain(anchor);
    }
  }
});

test('docs/errors.md has each code once, with its details, and no others', () => {
  const details = /interface ErrorDetails \{\n(.*?)\n\}/s.exec(source('base/errors.ts'))![1]!;
  const codes = Array.from(details.matchAll(/^ {2}'([a-z]+\/[a-z-]+)'/gm), ([, code]) => code!);
  expect(codes.length).toBeGreaterThan(30);
  const rows = Array.from(readPage('docs/errors.md').matchAll(/^\| `([a-z]+\/[a-z-]+)` \|(.*)\|$/gm));
  expect(rows.map(([, code]) => code!).sort()).toEqual([...codes].sort());
  for (const [row, , cells] of rows) {
    expect(
      cells!.split('|').every((cell) => cell.trim() !== ''),
      row,
    ).toBe(true);
  }
});

test('docs/events-and-callbacks.md has each type of event', () => {
  const types = Array.from(
    ['event', 'team-event']
      .map((file) => source(`protocol/${file}.ts`))
      .join()
      .matchAll(/readonly type: '([a-z.]+)'/g),
    ([, type]) => type!,
  );
  const page = readPage('docs/events-and-callbacks.md');
  for (const type of types) expect(page).toContain(`| \`${type}\` |`);
});

test('docs/models.md has each provider, with its variables and the package that it needs', () => {
  const page = readPage('docs/models.md');
  for (const provider of listProviders()) {
    const { name, keyVariables, baseURLVariable, otherVariables, install } = provider;
    const row = page.split('\n').find((line) => line.startsWith('| `') && line.includes(`\`${name}\``));
    for (const variable of [...keyVariables, ...otherVariables, baseURLVariable ?? name]) {
      expect(row, name).toContain(`\`${variable}\``);
    }
    if (install !== null) expect(row, name).toContain(`\`${provider.package}\``);
    for (const what of ['schemas', 'JSON mode']) {
      const isSaid = /\btakes .*/.exec(row ?? '')?.[0].includes(what) ?? false;
      expect(isSaid, `${name}: ${what}`).toBe(provider.notes.includes(what));
    }
  }
  const [, pack, version] = /PRICES_SOURCE.* = '(\S+) (\S+)'/.exec(source('models/prices/table.ts'))!;
  expect(page).toContain(`[\`${pack}\`](https://www.npmjs.com/package/${pack}) ${version} `);
});

test('docs/integrations.md has each name once, with its variables', () => {
  const page = readPage('docs/integrations.md');
  const [, table] = /^## Names$(.*?)^## /ms.exec(page)!;
  const rows = Array.from(table!.matchAll(/^\| `([a-z_]+)` \|/gm), ([, name]) => name!);
  expect(rows.sort()).toEqual([...integrationNames]);
  const sources = ['otlp-rows', 'generic-api', 'integrations'].map((file) => source(`callbacks/${file}.ts`));
  const read = Array.from(
    sources.join().matchAll(/'([A-Z][A-Z0-9_]+_[A-Z0-9_]+)'/g),
    ([, variable]) => variable!,
  );
  expect(read.length).toBeGreaterThan(40);
  for (const variable of read) expect(page).toContain(`\`${variable}\``);
  const links = Array.from(sources[0]!.matchAll(/(https:\/\/[\w./-]+\/[\w./-]*\w) ?(?:[;):(]|$)/gm));
  expect(links.length).toBeGreaterThan(12);
  for (const [, link] of links) expect(page).toContain(link!);
});

test('docs/callbacks-litellm.md has each variable and mode, each method, and each key given or left out', () => {
  const page = readPage('docs/callbacks-litellm.md');
  const golden = JSON.parse(source('callbacks/litellm/golden/left-out.json')) as {
    keys: Record<string, string>;
  };
  const kwargs = Array.from(source('callbacks/litellm/kwargs.ts').matchAll(/^ {2}readonly (\w+)\??:/gm));
  const methods = Array.from(source('callbacks/litellm/callback.ts').matchAll(/^ {2}(\w+)\?:/gm));
  const variables = Array.from(source('callbacks/env.ts').matchAll(/'([A-Z_]+_CALLBACKS)'/g));
  expect([kwargs.length > 20, methods.length, variables.length]).toEqual([true, 11, 4]);
  for (const [, name] of [...kwargs, ...variables]) expect(page).toContain(`\`${name}\``);
  for (const [, name] of methods) {
    const sync = name!.replace(/^asyncL/, 'l'); // the twins go by one sentence
    const python = sync.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    expect(page).toContain(`| \`${sync}\` | \`${python}\` |`);
  }
  for (const mode of ['strict', 'warn', 'off']) expect(page).toContain(`| \`'${mode}'\` |`);
  for (const [key, reason] of Object.entries(golden.keys)) {
    const row = page.split('\n').find((line) => line.startsWith('|') && line.includes(`\`${key}\``));
    expect(row, key).toContain(reason);
  }
  const oddities = Array.from(page.matchAll(/^\| O(\d+) \|/gm), ([, number]) => Number(number));
  expect(oddities).toEqual(Array.from({ length: 17 }, (_, index) => index + 1));
});

test('tests that the documents name exist under this name', () => {
  const named = readPages().flatMap(({ path, text }) =>
    Array.from(text.matchAll(/“([^”]+)” in \[`([^`]+\.test\.ts)`\]/g), ([, title, file]) => ({
      path,
      title,
      file,
    })),
  );
  expect(named.length).toBeGreaterThan(5);
  for (const { path, title, file } of named) {
    expect(readPage(file!), `${path} names a test of ${file}`).toContain(title);
  }
});

/** A row of docs/defaults.md, by how it begins, and where the source has its value. */
const DEFAULTS: readonly (readonly [row: string, file: string, value: RegExp])[] = [
  ['`maxIter` of an agent', 'agent/definition.ts', /MAX_ITER = ([\d_]+)/],
  ['`maxOutputRetries` of an agent', 'agent/definition.ts', /MAX_OUTPUT_RETRIES = ([\d_]+)/],
  ['tokens kept for an answer', 'context/fitted.ts', /RESERVED_TOKENS = ([\d_]+)/],
  ['calls for one summary', 'context/summary.ts', /MAX_CALLS = ([\d_]+)/],
  ['times that a refused prompt is made shorter', 'context/fitted.ts', /MAX_REFITS = ([\d_]+)/],
  ['`dateFormat` of an agent', 'agent/definition.ts', /DATE_FORMAT = ('[^']+')/],
  ['`timeZone` of an agent', 'agent/definition.ts', /TIME_ZONE = ('[^']+')/],
  ['`toolProtocol` of an agent', 'api/agent.ts', /toolProtocol \?\? ('[a-z]+')/],
  ['turns alike until an agent is told', 'agent/repeats.ts', /REPEATS = ([\d_]+)/],
  ['`maxRecallTokens` of an agent', 'agent/definition.ts', /MAX_RECALL_TOKENS = ([\d_]+)/],
  ['`onMemoryFailure` of an agent', 'api/agent.ts', /onMemoryFailure \?\? ('[a-z]+')/],
  ['milliseconds for one use of a memory', 'agent/memories.ts', /MEMORY_TIMEOUT_MS = ([\d_]+)/],
  ['`timeoutMs` of a tool', 'tool/define-tool.ts', /TIMEOUT_MS = ([\d_]+)/],
  ['first pause before a tool is tried again, in milliseconds', 'tool/execute.ts', /MIN_DELAY_MS = ([\d_]+)/],
  ['`retries` of a tool', 'tool/execute.ts', /retries = ([\d_]+)/],
  ['`onFailure` of a tool', 'tool/failure-policy.ts', /\?\? ('[a-z]+')/],
  ['`ttlMs` of `toolCache`', 'tool/tool-cache.ts', /TTL_MS = ([\d_]+)/],
  ['`scope` of `toolCache`', 'tool/tool-cache.ts', /scope = ('[a-z]+')/],
  ['`maxBytes` of `fileTools`', 'tools/file-tools.ts', /MAX_BYTES = ([\d_]+)/],
  ['`maxEntries` of `fileTools`', 'tools/file-tools.ts', /MAX_ENTRIES = ([\d_]+)/],
  ['`maxMatches` of `fileTools`', 'tools/file-tools.ts', /MAX_MATCHES = ([\d_]+)/],
  ['`maxSearchBytes` of `fileTools`', 'tools/file-tools.ts', /MAX_SEARCH_BYTES = ([\d_]+)/],
  ['`timeoutMs` of `fileTools`', 'tools/file-tools.ts', /TIMEOUT_MS = ([\d_]+)/],
  ['`maxBytes` of `fetchTool`', 'tools/fetch-tool.ts', /MAX_BYTES = ([\d_]+)/],
  ['`maxChars` of `fetchTool`', 'tools/fetch-tool.ts', /MAX_CHARS = ([\d_]+)/],
  ['`maxRedirects` of `fetchTool`', 'tools/fetch-tool.ts', /MAX_REDIRECTS = ([\d_]+)/],
  ['`timeoutMs` of `fetchTool`', 'tools/fetch-tool.ts', /TIMEOUT_MS = ([\d_]+)/],
  ['`timeoutMs` of `javascriptTool`', 'tools/javascript-tool.ts', /TIMEOUT_MS = ([\d_]+)/],
  ['`memoryBytes` of `javascriptTool`', 'tools/javascript-tool.ts', /MEMORY_BYTES = ([\d_]+)/],
  ['`maxChars` of `javascriptTool`', 'tools/javascript-tool.ts', /MAX_CHARS = ([\d_]+)/],
  ['tool calls of one turn at once', 'tool/call-tools.ts', /TOOL_CONCURRENCY = ([\d_]+)/],
  ['`concurrency` of a crew', 'crew/definition.ts', /TASK_CONCURRENCY = ([\d_]+)/],
  ['`onTaskFailure` of a crew', 'api/crew.ts', /onTaskFailure \?\? ('[a-z]+')/],
  ['`contextStrategy` of a crew', 'api/crew.ts', /contextStrategy \?\? ('[a-z]+')/],
  ['`retries` of a task', 'api/task.ts', /retries \?\? ([\d_]+)/],
  ['`guardrailMaxRetries` of a task', 'guardrail/definition.ts', /GUARDRAIL_MAX_RETRIES = ([\d_]+)/],
  ['`timeoutMs` of a guardrail', 'guardrail/definition.ts', /GUARDRAIL_TIMEOUT_MS = ([\d_]+)/],
  ['times that one guardrail may replace one answer', 'guardrail/apply.ts', /MAX_REPLACEMENTS = ([\d_]+)/],
  [
    'milliseconds of a condition, a callback or a kickoff hook',
    'crew/call-hook.ts',
    /HOOK_TIMEOUT_MS = ([\d_]+)/,
  ],
  ['`maxDelegationDepth` of a crew', 'crew/team-options.ts', /MAX_DELEGATION_DEPTH = ([\d_]+)/],
  ['`maxRevisions` of a crew', 'crew/team-options.ts', /MAX_REVISIONS = ([\d_]+)/],
  ['`decide` of a crew', 'crew/team-options.ts', /decide = ('[a-z]+')/],
  ['`planning.effort` of an agent', 'agent/plan-options.ts', /EFFORT: Effort = ('[a-z]+')/],
  ['`planning.maxSteps`', 'agent/plan-options.ts', /MAX_STEPS = ([\d_]+)/],
  ['`planning.maxReplans`', 'agent/plan-options.ts', /MAX_REPLANS = ([\d_]+)/],
  ['`planning.maxStepIterations`', 'agent/plan-options.ts', /MAX_STEP_ITERATIONS = ([\d_]+)/],
  ['assignments of one plan of a manager', 'crew/manager.ts', /MAX_ASSIGNMENTS = ([\d_]+)/],
  [
    'agents of one task, or steps of one plan, at once',
    'crew/assignments.ts',
    /MEMBER_CONCURRENCY = ([\d_]+)/,
  ],
  ['`concurrency` of `kickoffForEach`', 'api/crew.ts', /FOR_EACH_CONCURRENCY = ([\d_]+)/],
  ['`timeoutMs` of an LLM', 'model/llm.ts', /TIMEOUT_MS = ([\d_]+)/],
  ['`timeouts.connectMs`', 'model/llm.ts', /CONNECT_MS = ([\d_]+)/],
  ['`circuit.breakAfter`', 'model/llm.ts', /breakAfter: ([\d_]+)/],
  ['`circuit.breakMs`', 'model/llm.ts', /breakMs: ([\d_]+)/],
  ['`cache.ttlMs`', 'model/cache-policy.ts', /CACHE_TTL_MS = ([\d_]+)/],
  ['`cache.scope`', 'model/cache-policy.ts', /scope = ('[a-z]+')/],
  ['`maxEntries` of `memoryCache`', 'stores/memory-cache.ts', /MAX_ENTRIES = ([\d_]+)/],
  ['`maxEntries` of `sqliteCache`', 'stores/sqlite-cache.ts', /MAX_ENTRIES = ([\d_]+)/],
  ['`breakAfter` of a router', 'api/router.ts', /BREAK_AFTER = ([\d_]+)/],
  ['`breakMs` of a router', 'api/router.ts', /BREAK_MS = ([\d_]+)/],
  ['milliseconds that a measured latency counts', 'model/route-order.ts', /LATENCY_TTL_MS = ([\d_]+)/],
  ['`maxOutputRetries` of `llm.call`', 'api/call.ts', /MAX_OUTPUT_RETRIES = ([\d_]+)/],
  ['`timeoutMs` of an embedder', 'model/embedder.ts', /TIMEOUT_MS = ([\d_]+)/],
  ['requests of one `embed` at once', 'model/embed-batches.ts', /EMBED_CONCURRENCY = ([\d_]+)/],
  ['`retry.maxAttempts`', 'model/llm.ts', /maxAttempts: ([\d_]+)/],
  ['`retry.minDelayMs`', 'model/llm.ts', /minDelayMs: ([\d_]+)/],
  ['`retry.maxDelayMs`', 'model/llm.ts', /maxDelayMs: ([\d_]+)/],
  ['`retry.retry`', 'model/llm.ts', /retry: ('[a-z-]+')/],
  ['sockets for each origin', 'models/providers.ts', /connections = ([\d_]+)/],
  ['characters of a token in estimates', 'model/metered.ts', /CHARS_PER_TOKEN = ([\d_]+)/],
  ['output tokens that a budget reserves', 'model/metered.ts', /MAX_OUTPUT_TOKENS = ([\d_]+)/],
  ['`capacity`', 'observe/entry.ts', /CAPACITY = ([\d_]+)/],
  ['`onFull`', 'observe/entry.ts', /onFull \?\? ('[a-z-]+')/],
  ['`blockMs`', 'observe/entry.ts', /BLOCK_MS = ([\d_]+)/],
  ['`timeoutMs` of a callback', 'observe/entry.ts', / TIMEOUT_MS = ([\d_]+)/],
  ['`breakAfter`', 'observe/entry.ts', /BREAK_AFTER = ([\d_]+)/],
  ['`breakMs`', 'observe/entry.ts', /BREAK_MS = ([\d_]+)/],
  ['`timeoutMs` of a guard', 'api/callback.ts', /GUARD_TIMEOUT_MS = ([\d_]+)/],
  ['`leaseMs` of `sqliteJournal`', 'stores/sqlite-journal.ts', /LEASE_MS = ([\d_]+)/],
  ['`busyTimeoutMs` of `sqliteJournal`', 'stores/sqlite-journal.ts', /BUSY_TIMEOUT_MS = ([\d_]+)/],
  ['milliseconds until a run that waits for people is suspended', 'run/activity.ts', /QUIET_MS = ([\d_]+)/],
  ['milliseconds between looks for an answer of another process', 'run/inputs.ts', /POLL_MS = ([\d_]+)/],
  ['runs that `journal.list` gives', 'stores/journal-file.ts', /LIMIT = ([\d_]+)/],
  ['`leaseMs` of `postgresJournal`', 'stores/postgres-journal.ts', /LEASE_MS = ([\d_]+)/],
  ['`connections` of a database', 'stores/postgres-database.ts', /CONNECTIONS = ([\d_]+)/],
  ['`retryMs` of a database', 'stores/postgres-database.ts', /RETRY_MS = ([\d_]+)/],
  [
    'milliseconds that events wait for a record of their run',
    'stores/postgres-journal.ts',
    /TELL_MS = ([\d_]+)/,
  ],
  ['milliseconds between looks for news of runs elsewhere', 'hosts/dbos/watcher.ts', /LOOK_MS = ([\d_]+)/],
  ['`failoverMs` of a worker', 'hosts/dbos/worker.ts', /FAILOVER_MS = ([\d_]+)/],
  ['`maxRecoveries` of a worker', 'hosts/dbos/worker.ts', /MAX_RECOVERIES = ([\d_]+)/],
  ["`timeoutMs` of a worker's `close`", 'hosts/dbos/worker.ts', /DRAIN_MS = ([\d_]+)/],
  ['`workerConcurrency` of a queue', 'engines/dbos/client.ts', /WORKER_CONCURRENCY = ([\d_]+)/],
  ['`pollMs` of a queue', 'engines/dbos/client.ts', /POLL_MS = ([\d_]+)/],
  ['milliseconds until a new schedule is known', 'engines/dbos/executor.ts', /SCHEDULES_MS = ([\d_]+)/],
  ['milliseconds until workers know of a new rate', 'hosts/dbos/reaper.ts', /RATES_MS = ([\d_]+)/],
  [
    'milliseconds between looks of calls that wait for a rate',
    'stores/postgres-rate-lane.ts',
    /LOOK_MS = ([\d_]+)/,
  ],
  [
    'milliseconds by which a younger call may overtake one of another worker that waits for a rate',
    'stores/postgres-rate-lane.ts',
    /PATIENCE_MS = ([\d_]+)/,
  ],
  [
    "milliseconds for which a durable callback has a run's events",
    'stores/postgres-outbox.ts',
    /CLAIM_MS = ([\d_]+)/,
  ],
  ['`timeoutMs` of a durable callback', 'hosts/dbos/deliver.ts', /TIMEOUT_MS = ([\d_]+)/],
  ['milliseconds without news of a run that is stuck', 'hosts/dbos/engine.ts', /STUCK_MS = ([\d_]+)/],
  ['`bufferSize`', 'run/buffer.ts', /BUFFER_CAPACITY = ([\d_]+)/],
  ['`timeoutMs` of `flush`', 'run/run.ts', /FLUSH_TIMEOUT_MS = ([\d_]+)/],
  ['`timeoutMs` of `close`', 'run/runtime.ts', /CLOSE_TIMEOUT_MS = ([\d_]+)/],
  ['wait for the callbacks of a finished run', 'run/runtime.ts', /FORGET_TIMEOUT_MS = ([\d_]+)/],
  ['`envCallbacks` of a runtime', 'api/runtime.ts', /envCallbacks = ('[a-z]+')/],
  [
    'events that a thread may be ahead of the host, in one run',
    'engines/threads/remote-run.ts',
    /CREDITS = ([\d_]+)/,
  ],
  [
    'milliseconds that a cancelled run has on its thread',
    'engines/threads/remote-run.ts',
    /GRACE_MS = ([\d_]+)/,
  ],
  ['`timeoutMs` of a delivery', 'sinks/delivery.ts', /timeoutMs = ([\d_]+)/],
  ['`maxAttempts` of a delivery', 'sinks/delivery.ts', /maxAttempts = ([\d_]+)/],
  ['`minDelayMs` of a delivery', 'sinks/delivery.ts', /minDelayMs = ([\d_]+)/],
  ['spans of one request', 'sinks/run-traces.ts', /MAX_SPANS = ([\d_]+)/],
];

test.each(DEFAULTS)('docs/defaults.md: %s is what the source says', (row, file, value) => {
  const given = value.exec(source(file))?.[1];
  expect(given, `${value} in ${file}`).toBeDefined();
  const said = /^\d/.test(given!) ? Number(given!.replaceAll('_', '')).toLocaleString('en') : `\`${given}\``;
  const line = readPage('docs/defaults.md')
    .split('\n')
    .find((text) => text.startsWith(`| ${row} |`));
  expect(line?.split('|')[2]?.trim(), row).toBe(said);
});

/** Where each option of a public interface is described. */
const OPTIONS: readonly (readonly [page: string, file: string, name: string])[] = [
  ['agents.md', 'api/agent.ts', 'AgentOptions'],
  ['agents.md', 'api/agent-options.ts', 'AgentKickoffOptions'],
  ['agents.md', 'agent/step.ts', 'StepCall'],
  ['agents-tasks-crews.md', 'api/task.ts', 'TaskOptions'],
  ['agents-tasks-crews.md', 'api/crew-options.ts', 'CrewOptions'],
  ['agents-tasks-crews.md', 'guardrail/definition.ts', 'GuardrailOptions'],
  ['agents-tasks-crews.md', 'guardrail/definition.ts', 'GuardrailContext'],
  ['teams.md', 'api/agent.ts', 'PlanningOptions'],
  ['teams.md', 'api/train-crew.ts', 'TrainOptions'],
  ['teams.md', 'api/test-crew.ts', 'TestOptions'],
  ['teams.md', 'crew/team-options.ts', 'Candidate'],
  ['teams.md', 'crew/team-options.ts', 'DecideFacts'],
  ['tools.md', 'tool/define-tool.ts', 'ToolOptions'],
  ['tools.md', 'ports/tool.ts', 'ToolContext'],
  ['tools.md', 'ports/tool.ts', 'ToolPolicy'],
  ['tools.md', 'ports/tool-error.ts', 'ToolErrorOptions'],
  ['tools.md', 'tool/policy.ts', 'ApprovalOptions'],
  ['tools.md', 'tool/tool-cache.ts', 'ToolCacheOptions'],
  ['ready-tools.md', 'tools/file-tools.ts', 'FileToolsOptions'],
  ['ready-tools.md', 'tools/fetch-tool.ts', 'FetchToolOptions'],
  ['ready-tools.md', 'tools/confined-hosts.ts', 'HostRules'],
  ['ready-tools.md', 'tools/javascript-tool.ts', 'JavaScriptToolOptions'],
  ['models.md', 'model/llm.ts', 'LlmSettings'],
  ['models.md', 'ports/model.ts', 'RetryPolicy'],
  ['models.md', 'api/llm.ts', 'LlmOptions'],
  ['models.md', 'api/call.ts', 'CallOptions'],
  ['models.md', 'api/call.ts', 'CallFacts'],
  ['models.md', 'model/embedder.ts', 'EmbedderInit'],
  ['models.md', 'protocol/usage.ts', 'Price'],
  ['events-and-callbacks.md', 'api/callback.ts', 'CallbackIdentity'],
  ['events-and-callbacks.md', 'api/callback.ts', 'CallbackOptions'],
  ['guards.md', 'api/callback.ts', 'GuardOptions'],
  ['guards.md', 'ports/guard.ts', 'GuardContext'],
  ['runs.md', 'api/crew-options.ts', 'KickoffOptions'],
  ['runs.md', 'api/crew-options.ts', 'KickoffForEachOptions'],
  ['runs.md', 'api/runtime.ts', 'RuntimeOptions'],
  ['runs.md', 'run/audit.ts', 'Audit'],
  ['journal.md', 'stores/sqlite-journal.ts', 'SqliteJournalOptions'],
  ['journal.md', 'api/resume-run.ts', 'ClaimOptions'],
  ['journal.md', 'api/crew-options.ts', 'ForkOptions'],
  ['journal.md', 'api/crew-options.ts', 'ReplayOptions'],
  ['journal.md', 'ports/journal.ts', 'RunFilter'],
  ['journal.md', 'ports/journal.ts', 'PrunePolicy'],
  ['workers.md', 'stores/postgres-database.ts', 'PostgresOptions'],
  ['workers.md', 'stores/postgres-journal.ts', 'PostgresJournalOptions'],
  ['workers.md', 'hosts/dbos/crews.ts', 'CrewSources'],
  ['workers.md', 'hosts/dbos/worker.ts', 'WorkerOptions'],
  ['workers.md', 'hosts/dbos/worker.ts', 'CloseWorkerOptions'],
  ['workers.md', 'hosts/dbos/engine.ts', 'DbosEngineOptions'],
  ['workers.md', 'hosts/dbos/engine.ts', 'RateOptions'],
  ['workers.md', 'hosts/dbos/orders.ts', 'EnqueueOptions'],
  ['workers.md', 'hosts/dbos/orders.ts', 'ScheduleOptions'],
  ['workers.md', 'engines/dbos/client.ts', 'QueueLimits'],
  ['workers.md', 'ports/durable.ts', 'DeliverOptions'],
  ['workers.md', 'ports/durable.ts', 'DurableContext'],
  ['workers.md', 'api/durable-callback.ts', 'DurableOptions'],
  ['runs.md', 'observe/budget.ts', 'BudgetLimits'],
  ['runs.md', 'ports/limiter.ts', 'RateLimits'],
  ['testing.md', 'testing/scripted-model.ts', 'ScriptedModelOptions'],
  ['caches-and-routing.md', 'ports/reply-store.ts', 'CachePolicy'],
  ['caches-and-routing.md', 'ports/reply-store.ts', 'CacheStats'],
  ['caches-and-routing.md', 'stores/memory-cache.ts', 'MemoryCacheOptions'],
  ['caches-and-routing.md', 'stores/sqlite-cache.ts', 'SqliteCacheOptions'],
  ['caches-and-routing.md', 'api/router.ts', 'RouterOptions'],
  ['caches-and-routing.md', 'api/router.ts', 'RoutedModel'],
  ['testing.md', 'testing/cassette.ts', 'CassetteOptions'],
  ['testing.md', 'testing/check-trace.ts', 'TraceEvidence'],
  ['threads.md', 'api/threads.ts', 'ThreadsOptions'],
  ['threads.md', 'api/crew-ref.ts', 'CrewRefOptions'],
  ['integrations.md', 'sinks/otlp.ts', 'OtlpSinkOptions'],
  ['integrations.md', 'sinks/otlp.ts', 'OtlpCounts'],
  ['integrations.md', 'sinks/delivery.ts', 'DeliveryOptions'],
  ['integrations.md', 'sinks/console.ts', 'ConsoleSinkOptions'],
  ['integrations.md', 'sinks/jsonl.ts', 'JsonlSinkOptions'],
];

test.each(OPTIONS)('docs/%s has each option of %s, %s', (page, file, name) => {
  const body = new RegExp(`interface ${name}\\b[^{]*\\{\\n(.*?)\\n\\}`, 's').exec(source(file))?.[1];
  const fields = Array.from(body!.matchAll(/^ {2}readonly (\w+)\??:/gm), ([, field]) => field!);
  expect(fields.length).toBeGreaterThan(0);
  const text = readPage(`docs/${page}`);
  for (const field of fields) expect(text, field).toContain(`\`${field}\``);
});
