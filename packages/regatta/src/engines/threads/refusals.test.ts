/** What does not cross to a thread is refused, with the mend; what a module does wrong is named. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { Crew, createRuntime, crewRef, LLM, type RuntimeOptions, threads } from '../../index.ts';
import { scriptedModel } from '../../testing/index.ts';
import { contexts, success } from './fixtures/crews.fixture.ts';
import { expectClosed, expectEmpty, openPool } from './fixtures/runs.fixture.ts';
import * as trouble from './fixtures/trouble.fixture.ts';

const open = openPool();
afterAll(() => open.pool.close());

const at = (file: string): string => new URL(`./fixtures/${file}`, import.meta.url).href;

/** The quick crew, as if another module or export were its home. */
function moved(module: string, exported = 'crew'): Crew {
  const { agents, tasks } = trouble.quick;
  return new Crew({
    name: 'moved',
    agents,
    tasks,
    ref: crewRef({ name: 'moved', module, export: exported }),
  });
}

async function refusalOf(crew: Crew, options: RuntimeOptions = {}) {
  const run = createRuntime({ engine: open.engine, ...options }).start(crew);
  const error = await run.result.then(
    () => undefined,
    (thrown) => thrown,
  );
  await expectClosed(run);
  return error;
}

test('a crew without a ref, a context and an llm that is an object stay on their thread', async () => {
  const { agents, tasks } = trouble.quick;
  expect(await refusalOf(new Crew({ name: 'homeless', agents, tasks }))).toMatchObject({
    code: 'engine/no-ref',
    details: { engine: 'threads', crew: 'homeless' },
    message: expect.stringContaining('crewRef({'),
  });
  await expect(open.runtime.run(contexts, { context: { tenant: 'a' } })).rejects.toMatchObject({
    code: 'engine/not-portable',
    details: { field: 'context' },
    message: expect.stringContaining('createContext'),
  });
  const model = scriptedModel(['x']);
  expect(await refusalOf(trouble.quick, { llm: model })).toMatchObject({ details: { field: 'llm' } });
  const llm = new LLM({ model: 'openai/gpt-5.4-mini', fetch: globalThis.fetch });
  expect(await refusalOf(trouble.quick, { llm })).toMatchObject({ details: { field: 'llm.fetch' } });
  expect(open.pool.threads).toEqual([]); // nothing was started for any of them
  expect(await refusalOf(trouble.quick, { llm: model, rehearse: true })).toBeUndefined();
});

test('the runtime of a run goes with it: keys, the default llm and rehearsal', async () => {
  const keyless = { engine: open.engine, llm: new LLM({ model: 'openai/gpt-5.4-mini', temperature: 0.5 }) };
  await expect(createRuntime(keyless).run(trouble.undecided)).rejects.toMatchObject({
    code: 'llm/missing-key',
    details: { variable: 'OPENAI_API_KEY' },
  });
  const rehearsed = await createRuntime({ ...keyless, rehearse: true }).run(trouble.undecided);
  expect(rehearsed.text).toContain('[rehearsal]');
  expect(await refusalOf(trouble.undecided)).toMatchObject({ code: 'llm/missing' });
});

test('inputs that are no JSON are refused as on the event loop', async () => {
  const run = open.runtime.run(success, { inputs: { topic: 10n } });
  await expect(run).rejects.toMatchObject({ code: 'inputs/not-json', details: { names: ['topic'] } });
});

test('a module or an export that holds no crew is named', async () => {
  const crews = at('crews.fixture.ts');
  const missing = await refusalOf(moved(crews, 'nobody'));
  expect(missing).toMatchObject({
    code: 'engine/crew-not-found',
    details: { module: crews, export: 'nobody' },
    message: expect.stringMatching(/no such export.*success/),
  });
  expect(await refusalOf(moved(crews, 'impostor'))).toMatchObject({
    message: expect.stringContaining('something else'),
  });
  expect(await refusalOf(moved(at('nowhere.ts')))).toMatchObject({
    code: 'engine/crew-not-found',
    cause: { message: expect.stringContaining('nowhere.ts') },
  });
  expect(await refusalOf(moved(at('throwing.fixture.ts')))).toMatchObject({
    code: 'engine/crew-not-found',
    cause: { name: 'SyntaxError', message: 'the keel is missing' },
  });
});

test('a module that is not the same on a thread is found out', async () => {
  expect(await refusalOf(trouble.versioned)).toMatchObject({
    code: 'engine/crew-not-found',
    message: expect.stringMatching(/version "2".*version "1"/),
  });
  expect(await refusalOf(trouble.differs)).toMatchObject({
    code: 'engine/crew-not-found',
    message: expect.stringContaining('other callbacks'),
  });
});

test('a module that starts its own crew at import is refused instead of starting it once more on each thread', async () => {
  expect(await refusalOf(moved(at('self-starting.fixture.ts')))).toMatchObject({
    code: 'engine/crew-not-found',
    cause: { code: 'engine/not-portable', details: { field: 'module' } },
  });
});

test('a tool may start a crew of its own: it runs on the thread that it is on', async () => {
  expect((await open.runtime.run(trouble.nests)).text).toBe('a report');
});

test('a model that says what neither a port nor JSON can carry ends its run alone', async () => {
  const neighbour = open.runtime.start(trouble.long);
  expect(await refusalOf(trouble.unsendable)).toMatchObject({
    code: 'engine/not-portable',
    details: { field: 'draft' },
  });
  expect((await neighbour.result).text).toBe('there at last');
});

test('after all of this nothing of any run is left', async () => {
  await expectEmpty(open);
});

test('kickoffAsync runs on a thread of the runtime, and an idle thread keeps no process alive', async () => {
  const program = fileURLToPath(at('exit.fixture.ts'));
  const { stdout } = await promisify(execFile)(process.execPath, [...process.execArgv, program]);
  expect(stdout.trim()).toBe('done');
  const engines: unknown[] = [];
  const runtime = createRuntime({
    callbacks: [(event) => event.type === 'run.start' && engines.push(event.engine)],
  });
  await trouble.quick.kickoffAsync({ runtime });
  await trouble.quick.kickoff({ runtime });
  await runtime.close();
  expect(engines).toEqual(['threads', 'local']);
});

test('the options of threads are checked', () => {
  for (const options of [{ size: 0 }, { size: 1.5 }, { terminateAfterMs: 0 }, { maxHeapMb: -1 }]) {
    expect(() => threads(options)).toThrow(expect.objectContaining({ code: 'definition/invalid' }));
  }
});
