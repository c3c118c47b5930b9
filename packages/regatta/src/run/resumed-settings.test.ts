/** A run that is resumed or forked has what it was started with beside its inputs. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Agent, Crew, type Journal, sqliteJournal, Task } from '../index.ts';
import { memoryJournal, type ScriptStep, scriptedModel } from '../testing/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'regatta-settings-'));
});
afterAll(() => rm(folder, { recursive: true }));

function crewOf(script: readonly ScriptStep[]) {
  const llm = scriptedModel(script, { id: 'scripted/a' });
  const agent = new Agent({ role: 'Writer', goal: 'Write', llm });
  const base = { description: 'Write', expectedOutput: 'e', agent };
  const first = new Task({ ...base, name: 'first' });
  const second = new Task({ ...base, name: 'second', outputFile: 'out.md' });
  return { crew: new Crew({ agents: [agent], tasks: [first, second] }), llm };
}
const overload = { error: new Error('the model fell over') };
const inputFiles = { chart: { data: Uint8Array.from([1, 2]), mediaType: 'image/png' } };

async function failed(name: string, journal: Journal) {
  const outputDirectory = join(folder, name);
  const run = crewOf(['one', overload]).crew.start({ journal, inputFiles, outputDirectory });
  await expect(run.result).rejects.toThrow('the model fell over');
  return { runId: run.id, file: join(outputDirectory, 'out.md') };
}

test.each([
  ['memory', () => memoryJournal()],
  ['SQLite', () => sqliteJournal({ path: join(folder, 'runs.db') })],
])('files and output directory are the run’s: %s', async (name, open) => {
  const journal = open();
  try {
    const { runId, file } = await failed(`first-${name}`, journal);
    const resumed = crewOf(['two']);
    await (await resumed.crew.resume(runId, { journal })).result;
    expect(await readFile(file, 'utf8')).toBe('two');
    const forked = crewOf(['three']);
    const fork = await forked.crew.replay(runId, { journal, fromTask: 'second' });
    await fork.result;
    expect(await readFile(file, 'utf8')).toBe('three');
    for (const { llm } of [resumed, forked]) {
      expect(llm.requests[0]!.messages[1]!.content).toContainEqual(
        expect.objectContaining({ type: 'file', mediaType: 'image/png', data: { base64: 'AQI=' } }),
      );
    }
    const [parent, child] = await Promise.all([journal.read(runId), journal.read(fork.id)]);
    expect(child!.run.settings).toEqual(parent!.run.settings);
  } finally {
    await journal.close();
  }
});

test('what is given again counts', async () => {
  const journal = memoryJournal();
  const { runId, file } = await failed('given', journal);
  const outputDirectory = join(folder, 'elsewhere');
  const { crew, llm } = crewOf(['two']);
  await (await crew.resume(runId, { journal, outputDirectory, inputFiles: {} })).result;
  expect(await readFile(join(outputDirectory, 'out.md'), 'utf8')).toBe('two');
  await expect(readFile(file)).rejects.toThrow('ENOENT');
  expect(typeof llm.requests[0]!.messages[1]!.content).toBe('string');
});
