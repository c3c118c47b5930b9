import { afterEach, expect, test } from 'vitest';
import {
  Agent,
  type CallKwargs,
  Crew,
  callback,
  consoleSink,
  createRuntime,
  integrationNames,
  LLM,
  litellmCallback,
  RegattaError,
  type Registration,
  type RunEvent,
  Task,
} from '../index.ts';
import { type ScriptStep, scriptedModel } from '../testing/index.ts';

const registered: Registration[] = [];
const keep = (registration: Registration): Registration => {
  registered.push(registration);
  return registration;
};
afterEach(() => {
  for (const registration of registered.splice(0)) registration.dispose();
});

class Tracer {
  readonly heard: string[] = [];
  onEvent({ type }: RunEvent): void {
    this.heard.push(type);
  }
}

class Logger {
  readonly calls: string[] = [];
  logPreApiCall(model: string): void {
    this.calls.push(`pre ${model}`);
  }
  logSuccessEvent(kwargs: CallKwargs): void {
    this.calls.push(`success ${kwargs.log_event_type}`);
  }
  async asyncLogFailureEvent(kwargs: CallKwargs): Promise<void> {
    this.calls.push(`failure ${String(kwargs.exception)}`);
  }
  logFailureEvent(): void {
    this.calls.push('the twin that must not be called');
  }
}

function crewOf(script: readonly ScriptStep[]) {
  const agent = new Agent({ role: 'Sailor', goal: 'g', llm: scriptedModel(script, { id: 'openai/gpt-x' }) });
  return new Crew({ agents: [agent], tasks: [new Task({ description: 'd', expectedOutput: 'e', agent })] });
}

test('of a class the newest that was set counts, in the scope of this runtime alone', async () => {
  const [first, second, elsewhere] = [new Tracer(), new Tracer(), new Tracer()];
  keep(LLM.setCallbacks([first]));
  keep(LLM.setCallbacks([second]));
  const other = createRuntime({ callbacks: [elsewhere] });
  const crew = crewOf(['a', 'b']);
  const run = crew.start();
  await run.result;
  await run.flush();
  await other.run(crew);
  await other.flush();
  expect(first.heard).toEqual([]);
  expect(second.heard).toEqual(elsewhere.heard);
  expect(second.heard.at(-1)).toBe('run.end');
});

test('making LLMs with callbacks of the same class registers nothing and evicts nobody (O6, O13)', async () => {
  const tracer = new Tracer();
  keep(LLM.setCallbacks([tracer]));
  const run = crewOf([
    () => {
      for (let count = 0; count < 100; count++) new LLM({ model: 'rehearsal', callbacks: [new Tracer()] });
      return 'done';
    },
  ]).start();
  await run.result;
  await run.flush();
  expect(tracer.heard).toHaveLength(run.audit().emitted);
});

test('a disposed registration is heard no more, and takes only its own back', async () => {
  const [kept, gone] = [new Tracer(), new Logger()];
  keep(LLM.setCallbacks([kept]));
  keep(LLM.setCallbacks([gone])).dispose();
  const run = crewOf(['a']).start();
  await run.result;
  await run.flush();
  expect(kept.heard.length).toBeGreaterThan(0);
  expect(gone.calls).toEqual([]);
});

test("LiteLLM's class contract: input, one success or one failure for each call, never both twins", async () => {
  const logger = new Logger();
  const crew = crewOf(['fine', { error: new Error('no wind') }]);
  for (let time = 0; time < 2; time++) {
    const run = crew.start({ callbacks: [logger] });
    await run.result.catch(() => undefined);
    await run.flush();
  }
  expect(logger.calls).toEqual([
    'pre gpt-x',
    'success successful_api_call',
    'pre gpt-x',
    expect.stringMatching(/^failure .*no wind/),
  ]);
});

test("LiteLLM's functions and a logging hook: the hook masks what its own scope sees, the model sees all", async () => {
  const seen: string[] = [];
  const outside: string[] = [];
  class Masker {
    loggingHook(kwargs: Record<string, unknown>, result: unknown): [unknown, unknown] {
      const hidden = JSON.parse(JSON.stringify({ kwargs, result }).replaceAll('4711', '****'));
      return [hidden.kwargs, hidden.result];
    }
  }
  const model = scriptedModel(['account 4711']);
  const listen = litellmCallback((_kwargs, response) => seen.push(JSON.stringify(response)), 'success');
  const llm = new LLM({ model });
  const runtime = createRuntime({
    callbacks: [
      (event: RunEvent) => void (event.type === 'model.end' && outside.push(JSON.stringify(event.message))),
    ],
  });
  const { text } = await llm.call('Which account?', { runtime, callbacks: [new Masker(), listen] });
  await runtime.flush();
  expect(text).toBe('account 4711');
  expect(outside.join()).toContain('4711');
  expect(seen).toHaveLength(1);
  expect(seen[0]).toContain('account ****');
});

test('names come from the environment, each variable for itself, and only what is known is taken', async () => {
  expect(() => LLM.setEnvCallbacks({ LITELLM_SUCCESS_CALLBACKS: 'langfuze' })).toThrow(
    expect.objectContaining({
      code: 'callbacks/unknown-name',
      details: { name: 'langfuze', known: integrationNames },
    }) as Error,
  );
  expect(() => createRuntime({ env: { REGATTA_FAILURE_CALLBACKS: 'langfuse' } })).toThrow(/needs LANGFUSE_/);
  expect(() =>
    createRuntime({ env: { REGATTA_FAILURE_CALLBACKS: 'langfuse' }, envCallbacks: 'off' }),
  ).not.toThrow();
  const warnings: string[] = [];
  const hear = (warning: Error & { code?: string }): void => void warnings.push(warning.code ?? '');
  process.on('warning', hear);
  createRuntime({ env: { LITELLM_FAILURE_CALLBACKS: 'nobody' }, envCallbacks: 'warn' });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', hear);
  expect(warnings).toEqual(['REGATTA_CALLBACK_IGNORED']);
});

test('an environment names callbacks that are outermost of all, for successes or failures', async () => {
  const lines: string[] = [];
  const { write } = process.stderr;
  process.stderr.write = ((line: string) => lines.push(line)) as never;
  try {
    const runtime = createRuntime({ env: { LITELLM_FAILURE_CALLBACKS: ' console , ' } });
    const crew = crewOf(['fine', { error: new Error('no wind') }]);
    await runtime.run(crew);
    await runtime.flush();
    expect(lines).toEqual([]);
    await runtime.run(crew).catch(() => undefined);
    await runtime.flush();
  } finally {
    process.stderr.write = write;
  }
  expect(lines.join('')).toMatch(/run\/failed|run.end|failed/);
});

test('a definition takes no names, since it knows no environment, and says where to give them', () => {
  const make = (): unknown => new Agent({ role: 'r', goal: 'g', callbacks: ['langfuse'] });
  expect(make).toThrow(RegattaError);
  expect(make).toThrow(/no environment is known here.*LLM.setCallbacks/);
});

test("a sink takes the options of a callback, and the runtime's llm hears with its own callbacks", async () => {
  const lines: string[] = [];
  const tracer = new Tracer();
  const llm = new LLM({ model: scriptedModel(['a']), callbacks: [tracer] });
  const sink = callback(consoleSink({ write: (line) => lines.push(line) }), {
    on: ['run.end'],
    locked: true,
  });
  const runtime = createRuntime({ llm, callbacks: [sink] });
  const agent = new Agent({ role: 'r', goal: 'g' });
  await runtime.run(
    new Crew({ agents: [agent], tasks: [new Task({ description: 'd', expectedOutput: 'e', agent })] }),
  );
  await runtime.flush();
  expect(lines).toHaveLength(1);
  expect(tracer.heard).toEqual(['model.start', 'model.end']);
});
