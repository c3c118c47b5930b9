import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { createCore } from '../api/core.ts';
import { Agent, Crew, createRuntime, defineTool, isRegattaError, LLM, Task } from '../index.ts';
import { failure } from '../model/failures.fixture.ts';
import type { Providers } from '../ports/provider.ts';
import { type CassetteOptions, cassette, checkTrace, type ScriptStep, scriptedModel } from './index.ts';
import { markerIn } from './marked.fixture.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'regatta-cassette-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = () => join(folder, 'deep', 'tape.json');
const content = () => readFileSync(file(), 'utf8');

/** A crew of a pilot who asks a tool and a writer who answers by a schema. */
function crewOn(llm: object): Crew {
  const tide = defineTool({
    name: 'tide',
    description: 'Height of the tide',
    input: z.object({ port: z.string() }),
    execute: async ({ port }) => `${port}: 2.1`,
  });
  const pilot = new Agent({ role: 'Pilot', goal: 'Know the tide', llm, tools: [tide] });
  const writer = new Agent({ role: 'Writer', goal: 'Write', llm });
  return new Crew({
    agents: [pilot, writer],
    tasks: [
      new Task({ name: 'look', description: 'Tide for {marker}', expectedOutput: 'A height', agent: pilot }),
      new Task({
        name: 'write',
        description: 'Write for {marker}',
        expectedOutput: 'A note',
        agent: writer,
        output: z.object({ note: z.string() }),
      }),
    ],
  });
}

/** Answers differ from call to call, so that a mix-up of runs is seen. */
function crewModel() {
  let count = 0;
  const answer: ScriptStep = ({ messages, tools, output }) => {
    const marker = markerIn(messages);
    if (output !== null) return JSON.stringify({ note: `${marker} note ${++count}` });
    const isFirst = tools.length > 0 && messages.at(-1)?.role !== 'tool';
    return isFirst
      ? { toolCalls: [{ tool: 'tide', args: { port: `${marker} ${++count}` } }] }
      : `${marker} is 2.1 m ${++count}`;
  };
  return scriptedModel([answer], { loop: true, price: { inputUsdPerMillion: 1, outputUsdPerMillion: 1 } });
}

/** Runs the crew for each marker at once; what each run said and cost, without ids and times. */
async function runAll(llm: object, markers: readonly string[], options: CassetteOptions) {
  await using runtime = createRuntime({ cassette: cassette(file(), options) });
  const runs = markers.map((marker) => runtime.start(crewOn(llm), { inputs: { marker } }));
  return await Promise.all(
    runs.map(async (run) => {
      const { text, parsed, usage } = await run.result;
      const events = await Array.fromAsync(run.events());
      expect(checkTrace(events, { ledger: run.ledger, audit: await run.flush() })).toEqual([]);
      const told = JSON.stringify(events.map((event) => ({ ...event, id: 0, time: 0 }))).replaceAll(
        run.id,
        'ID',
      );
      return { text, parsed, usage, told };
    }),
  );
}

test('a crew with tools, recorded twenty times at once, is played twenty times at once, byte for byte', async () => {
  const markers = Array.from({ length: 20 }, (_, index) => `MARK-${index}`);
  const model = crewModel();
  const recorded = await runAll(model, markers, { mode: 'record' });
  expect(model.requests).toHaveLength(60);
  const silent = scriptedModel([], { price: model.price! });
  const turned = await runAll(silent, markers.toReversed(), { mode: 'replay' });
  expect(turned.toReversed()).toEqual(recorded);
  expect(silent.requests).toHaveLength(0);
});

test('one recorded run is played by any number of runs at once, and none uses up another’s answers', async () => {
  const [recorded] = await runAll(crewModel(), ['MARK-7'], { mode: 'record' });
  const silent = scriptedModel([], { price: crewModel().price! });
  const played = await runAll(silent, Array(20).fill('MARK-7'), { mode: 'auto' });
  expect(played).toEqual(Array(20).fill(recorded));
});

test('runs that ask the same get what each of them was answered, in the recorded order', async () => {
  const tape = cassette(file());
  const llm = new LLM({ model: tape.wrap(scriptedModel(['a', 'b', 'c'])) });
  for (let index = 0; index < 3; index++) await llm.call('hello');
  await tape.save();
  const played = new LLM({ model: cassette(file()).wrap(scriptedModel([])) });
  const texts: string[] = [];
  for (let index = 0; index < 4; index++) texts.push((await played.call('hello')).text);
  expect(texts).toEqual(['a', 'b', 'c', 'a']);
});

test('a request that differs is an error that names each field, what was recorded and what is asked', async () => {
  await using recording = createRuntime({ cassette: cassette(file(), { mode: 'record' }) });
  const model = scriptedModel(['Hello.'], { loop: true });
  await new LLM({ model, temperature: 0 }).call('Say hello to the harbour master of Brest.', {
    runtime: recording,
  });
  await recording.close();
  const runtime = createRuntime({ cassette: cassette(file(), { mode: 'replay' }) });
  const error = await new LLM({ model, temperature: 1 })
    .call('Say hello to the harbour master of Kiel.', { runtime })
    .catch((thrown: unknown) => thrown);
  expect(isRegattaError(error, 'cassette/drift') && error.details.differences).toEqual([
    {
      field: 'messages[0].content',
      recorded: '…e harbour master of Brest."',
      asked: '…e harbour master of Kiel."',
    },
    { field: 'parameters.temperature', recorded: '0', asked: '1' },
  ]);
  expect(String(error)).toContain(
    '    recorded: …e harbour master of Brest."\n    asked:    …e harbour master of Kiel."',
  );
  expect(model.requests).toHaveLength(1);
});

test('a later turn that differs is compared with what was recorded in its place', async () => {
  await runAll(crewModel(), ['MARK-1'], { mode: 'record' });
  writeFileSync(file(), content().replaceAll('MARK-1 1: 2.1', 'MARK-1 1: 9.9'));
  await expect(runAll(scriptedModel([]), ['MARK-1'], { mode: 'replay' })).rejects.toMatchObject({
    code: 'cassette/drift',
    details: {
      differences: [{ recorded: expect.stringContaining('9.9'), asked: expect.stringContaining('2.1') }],
    },
  });
});

test('no file, no such model, or a run that asks more than was recorded: each is said', async () => {
  const ask = (model = 'scripted/model') =>
    new LLM({ model: cassette(file(), { mode: 'replay' }).wrap(scriptedModel([], { id: model })) }).call(
      'hello',
    );
  await expect(ask()).rejects.toMatchObject({ code: 'cassette/missing', details: { model: null } });
  await cassette(file()).save(); // nothing was recorded, and nothing is written
  expect(readdirSync(folder)).toEqual([]);
  await runAll(crewModel(), ['MARK-1'], { mode: 'record' });
  await expect(ask()).rejects.toMatchObject({ code: 'cassette/drift' });
  await expect(ask('other/model')).rejects.toMatchObject({ code: 'cassette/drift' });
  const { models } = JSON.parse(content());
  writeFileSync(file(), JSON.stringify({ format: 'regatta/cassette@1', models, runs: [] }));
  await expect(ask()).rejects.toMatchObject({
    code: 'cassette/missing',
    details: { model: 'scripted/model' },
  });
  writeFileSync(file(), '{"format":"other"}');
  await expect(ask()).rejects.toMatchObject({ code: 'cassette/bad-file' });
  const tape = cassette(folder, { mode: 'record' });
  await new LLM({ model: tape.wrap(scriptedModel(['a'])) }).call('hello');
  await expect(tape.save()).rejects.toMatchObject({ code: 'cassette/bad-file' });
  expect(() => cassette(file(), { mode: 'play' as never })).toThrow(/mode must be/);
});

test('keys and tokens are not in the file, nor what is named; the run itself gets them, and is played without', async () => {
  const secrets = [
    'sk-proj-abcdefghijklmnop1234',
    'AIzaSyA1234567890abcdefghijklmnopqrstuv',
    'AKIAIOSFODNN7EXAMPLE',
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0.abcdefgh',
    'tok_en.with~signs+/=',
    'hunter2-of-the-harbour',
    'plain-value-of-env',
    'Mme Dupont',
    'card 4242',
  ];
  const [openai, google, aws, jwt, bearer, password, own, name, card] = secrets;
  const text = `${openai} ${google} ${aws} ${jwt} Authorization: Bearer ${bearer} password: "${password}" ${own} ${name} ${card}`;
  const run = async (model: object, options: CassetteOptions) => {
    await using runtime = createRuntime({ cassette: cassette(file(), options) });
    const llm = new LLM({ model });
    const first = await llm.call(`Repeat: ${text}`, { runtime });
    const messages = [{ role: 'user', content: 'again' } as const, first.message];
    return [
      first.text,
      (await llm.call([...messages, { role: 'user', content: 'again' }], { runtime })).text,
    ];
  };
  const options = { redact: [own!, name!, /card \d+/] };
  const toolCalls = [{ tool: 'login', args: { password, user: 'x' } }];
  const recorded = await run(scriptedModel([{ text, toolCalls }, text]), { ...options, mode: 'record' });
  expect(recorded).toEqual([text, text]);
  for (const secret of secrets) expect(content()).not.toContain(secret);
  const played = await run(scriptedModel([]), { ...options, mode: 'replay' });
  for (const secret of secrets) expect(played.join()).not.toContain(secret);
  expect(played[0]).toContain('[secret]');
});

/** A provider that needs a key, and takes schemas. */
function vendor(): Providers & { readonly opened: () => number } {
  let opened = 0;
  return {
    names: ['stub'],
    open: async (_, __, { apiKey }, env) => {
      opened++;
      if (!apiKey && !env.STUB_KEY) throw failure('model/authentication');
      const model = scriptedModel([({ output }) => (output === null ? `key ${env.STUB_KEY}` : '{"a":1}')], {
        id: 'stub/x',
        loop: true,
      });
      return { ...model, takesSchema: 'always' };
    },
    priceOf: () => ({ inputUsdPerMillion: 1, outputUsdPerMillion: 1 }),
    adopt: () => undefined,
    close: async () => undefined,
    opened: () => opened,
  };
}

test('JSON mode is asked for where it was when the model was recorded', async () => {
  const asked: unknown[] = [];
  const live = scriptedModel(
    [
      ({ output }) => {
        asked.push(output?.isAnyObject);
        return '{"a":1}';
      },
    ],
    { id: 'stub/x', loop: true },
  );
  const jsonVendor: Providers = { ...vendor(), open: async () => ({ ...live, takesJson: 'without-tools' }) };
  for (const providers of [jsonVendor, vendor()]) {
    const core = createCore({ providers, env: {}, cassette: cassette(file()) });
    const llm = new LLM({ model: 'stub/x' });
    const { kind } = await llm.call('typed', { runtime: { core }, output: z.object({ a: z.number() }) });
    expect(kind).toBe('object');
    await core.close();
  }
  expect(asked).toEqual([true]);
});

test('a named model is played without its key and without being opened; schemas are asked for as before', async () => {
  const [live, dead] = [vendor(), vendor()];
  const ask = async (providers: Providers, env: Record<string, string>) => {
    const core = createCore({ providers, env, cassette: cassette(file()) });
    const llm = new LLM({ model: 'stub/x' });
    const { text } = await llm.call('hello', { runtime: { core } });
    const { report, ...typed } = await llm.call('typed', {
      runtime: { core },
      output: z.object({ a: z.number() }),
    });
    await core.close();
    return { text, costUsd: report.costUsd, kind: typed.kind };
  };
  const recorded = await ask(live, { STUB_KEY: 'key-of-the-stub' });
  expect(recorded.text).toBe('key key-of-the-stub');
  expect(content()).not.toContain('key-of-the-stub');
  const played = await ask(dead, {});
  expect(played).toEqual({ ...recorded, text: 'key [secret]' });
  expect([live.opened(), dead.opened()]).toEqual([1, 0]);
});

test('a failure that may pass is not recorded, one that will not is', async () => {
  const script = [{ error: failure('model/overloaded') }, 'fine', { error: failure('model/content-filter') }];
  const tape = cassette(file());
  const make = (model: object) => new LLM({ model, retry: { minDelayMs: 0, maxDelayMs: 0 } });
  const llm = make(tape.wrap(scriptedModel(script)));
  expect((await llm.call('hello')).attempts).toBe(2);
  await expect(llm.call('bad')).rejects.toMatchObject({ code: 'model/content-filter' });
  await tape.save();
  const played = make(cassette(file()).wrap(scriptedModel([])));
  expect(await played.call('hello')).toMatchObject({ text: 'fine', attempts: 1 });
  await expect(played.call('bad')).rejects.toMatchObject({
    code: 'model/content-filter',
    details: { retryable: false, model: 'stub/model' },
  });
});

test('a recording is streamed in pieces, and saved whole: no draft is left', async () => {
  const tape = cassette(file());
  await new LLM({ model: tape.wrap(scriptedModel(['one two'])) }).call('hello', { stream: true });
  await Promise.all([tape.save(), tape.save()]);
  expect(readdirSync(join(folder, 'deep'))).toEqual(['tape.json']);
  const stream = new LLM({ model: cassette(file()).wrap(scriptedModel([])) }).stream('hello');
  expect(await Array.fromAsync(stream)).toEqual([{ type: 'text', text: 'one two', attempt: 1 }]);
});

test('a runtime that rehearses neither records nor plays', async () => {
  await using runtime = createRuntime({ rehearse: true, cassette: cassette(file(), { mode: 'replay' }) });
  expect((await new LLM({ model: 'openai/x' }).call('hello', { runtime })).text).toContain('[rehearsal]');
});
