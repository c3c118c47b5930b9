import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  Agent,
  Crew,
  createRuntime,
  type Engine,
  LLM,
  type PendingInput,
  Task,
  type TrainingData,
} from '../index.ts';
import { scriptedModel } from '../testing/index.ts';
import { json, played, traced } from '../testing/played.fixture.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'training-'));
});
afterEach(() => rm(folder, { recursive: true }));

const LESSON = { suggestions: ['Say the height of tide'], quality: 4, summary: 'Too short' };

function crewOf(options: object = {}) {
  const llm = played({
    'Pilot of Cowes': ({ text, request }) =>
      /Shorter|Heights/.test(text)
        ? 'HW 11:40, 4.2 m'
        : `HW 11:40${JSON.stringify(request.messages).includes('height of tide') ? ', 4.2 m' : ''}`,
    Writer: () => 'a page',
  });
  const pilot = new Agent({ role: 'Pilot of {harbour}', goal: 'Know tides', llm });
  const writer = new Agent({ role: 'Writer', goal: 'Write', llm });
  const tides = new Task({
    name: 'tides',
    description: 'When is high water?',
    expectedOutput: 'Times',
    agent: pilot,
  });
  const page = new Task({ name: 'page', description: 'Write it', expectedOutput: 'A page', agent: writer });
  return { crew: new Crew({ agents: [pilot, writer], tasks: [tides, page], ...options }), llm };
}

const inputs = { harbour: 'Cowes' };
const heights = ({ task, subject }: PendingInput) =>
  task === 'tides' && !String(subject).includes('m')
    ? ({ accepted: false, feedback: 'Heights, too' } as const)
    : ({ accepted: true } as const);

test('what people say of drafts becomes suggestions by role, which later crews have in their prompts', async () => {
  const file = join(folder, 'training.json');
  const teacher = scriptedModel([json(LESSON)]);
  const { crew, llm } = crewOf();
  const data = await crew.train({ iterations: 2, file, inputs, onFeedback: heights, llm: teacher });

  expect(data).toEqual({ version: 1, agents: { 'Pilot of {harbour}': LESSON } });
  expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(data);
  expect(await readdir(folder)).toEqual(['training.json']); // nothing temporary stays
  const asked = JSON.stringify(teacher.requests[0]!.messages);
  expect(
    asked.match(
      /First answer:\\nHW 11:40\\n\\nWhat a person said of it:\\nHeights, too\\n\\nFinal answer:\\nHW 11:40, 4.2 m/g,
    ),
  ).toHaveLength(2);
  expect(teacher.requests).toHaveLength(1); // the writer had nothing to learn
  expect(JSON.stringify(llm.requests)).not.toContain('height of tide');

  for (const training of [file, data]) {
    const later = crewOf({ training });
    const { output, findings } = await traced(later.crew.start({ inputs }));
    expect(findings).toEqual([]);
    expect(output?.tasks[0]?.text).toBe('HW 11:40, 4.2 m');
    const [pilot, writer] = later.llm.requests.map(({ messages }) => JSON.stringify(messages[0]));
    expect(pilot).toContain('Say the height of tide');
    expect(writer).not.toContain('Say the height of tide'); // each role has its own
  }
  expect((await crewOf().crew.kickoff({ inputs })).tasks[0]?.text).toBe('HW 11:40');
});

test('what a file has of other roles stays, and earlier suggestions are shown to who teaches', async () => {
  const file = join(folder, 'training.json');
  const before: TrainingData = {
    version: 1,
    agents: { Cook: LESSON, 'Pilot of {harbour}': { ...LESSON, suggestions: ['Name the source'] } },
  };
  await writeFile(file, json(before));
  const teacher = scriptedModel([json(LESSON)]);
  const data = await crewOf().crew.train({ iterations: 1, file, inputs, onFeedback: heights, llm: teacher });
  expect(data.agents).toEqual({ Cook: LESSON, 'Pilot of {harbour}': LESSON });
  expect(JSON.stringify(teacher.requests[0]!.messages)).toContain('- Name the source');
});

test('without onFeedback, whoever has the run answers its reviews', async () => {
  const file = join(folder, 'training.json');
  const data = await crewOf().crew.train({
    iterations: 1,
    file,
    inputs,
    llm: scriptedModel([json(LESSON)]),
    onRun: async (run) => {
      for await (const event of run.events()) {
        if (event.type !== 'input.start') continue;
        const pending = run.pendingInputs.find(({ token }) => token === event.token)!;
        run.respond(event.token, heights(pending));
      }
    },
  });
  expect(Object.keys(data.agents)).toEqual(['Pilot of {harbour}']);
  await expect(crewOf().crew.train({ iterations: 1, file })).rejects.toMatchObject({
    code: 'definition/invalid',
  });
});

test('a reviewer that throws ends the run, and its error is the one that is told; nothing is written', async () => {
  const file = join(folder, 'training.json');
  const gone = () => {
    throw new TypeError('the reviewer left');
  };
  await expect(crewOf().crew.train({ iterations: 1, file, inputs, onFeedback: gone })).rejects.toThrow(
    'the reviewer left',
  );
  const wrong = () => ({ accepted: false, feedback: '' }) as const;
  await expect(crewOf().crew.train({ iterations: 1, file, inputs, onFeedback: wrong })).rejects.toMatchObject(
    {
      code: 'input/invalid-answer',
    },
  );
  expect(await readdir(folder)).toEqual([]);
});

test.each([
  ['no JSON', 'module.exports = 1', /is not JSON/],
  ['another version', json({ version: 2, agents: {} }), /no training of version 1/],
  ['another shape', json({ version: 1, agents: { Pilot: { suggestions: 'all' } } }), /suggestions/],
])('a bad training file is refused before anything is spent: %s', async (_name, text, message) => {
  const file = join(folder, 'training.json');
  await writeFile(file, text);
  const { crew, llm } = crewOf({ training: file });
  const { error, findings, usage } = await traced(crew.start({ inputs }));
  expect([findings, usage.calls]).toEqual([[], 0]);
  expect(error).toMatchObject({
    code: 'training/bad-file',
    details: { file },
    message: expect.stringMatching(message),
  });
  await expect(
    crewOf().crew.train({ iterations: 1, file, inputs, onFeedback: heights }),
  ).rejects.toMatchObject({
    code: 'training/bad-file',
  });
  expect(llm.requests).toEqual([]);
});

test('a missing file is an error to a crew that is to have learned, and a beginning to one that learns', async () => {
  const file = join(folder, 'none.json');
  const { error } = await traced(crewOf({ training: file }).crew.start({ inputs }));
  expect(error).toMatchObject({ code: 'training/bad-file', cause: { code: 'ENOENT' } });
  const accepts = () => ({ accepted: true }) as const;
  expect(await crewOf().crew.train({ iterations: 1, file, inputs, onFeedback: accepts })).toEqual({
    version: 1,
    agents: {},
  });
});

test('training runs here, also where the runtime has another engine, and its crew is not changed', async () => {
  const { crew } = crewOf({ llm: new LLM({ model: scriptedModel([json(LESSON)]) }) });
  const elsewhere = {
    name: 'elsewhere',
    execute: () => Promise.reject(new Error('not here')),
  } as unknown as Engine;
  const runtime = createRuntime({ engine: elsewhere });
  await crew.train({ iterations: 1, file: join(folder, 'x.json'), inputs, onFeedback: heights, runtime });
  expect(crew.tasks.map(({ humanInput }) => humanInput)).toEqual([false, false]);
  expect((await traced(crew.start({ inputs }))).events.filter(({ type }) => type === 'input.start')).toEqual(
    [],
  );
});
