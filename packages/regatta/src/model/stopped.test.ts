import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CallPart, LLM, type Model, RegattaError } from '../index.ts';
import { scriptedModel } from '../testing/index.ts';
import { failure } from './failures.fixture.ts';
import { cutAtStop, StopCutter } from './stop-cutter.ts';

const piece = fc.stringMatching(/^[ab<>]{0,4}$/);
const sequences = fc.array(fc.stringMatching(/^[ab<>]{1,3}$/), { minLength: 1, maxLength: 3 });

test('a text in any pieces is cut where the whole text is', () => {
  fc.assert(
    fc.property(fc.array(piece), sequences, (pieces, stop) => {
      const cutter = new StopCutter(stop);
      const shown = pieces.map((text) => cutter.push(text)).join('') + cutter.flush();
      const whole = pieces.join('');
      expect(shown).toBe(cutAtStop(whole, stop) ?? whole);
      expect(cutter.isCut).toBe(cutAtStop(whole, stop) !== undefined);
    }),
    {
      examples: [
        [
          ['a', 'b', 'b'],
          ['abb', 'b'],
        ],
      ],
    }, // the one that begins later is complete first
  );
});

test('nothing is held back that cannot be the beginning of a stop sequence', () => {
  const cutter = new StopCutter(['STOP']);
  expect([cutter.push('one S'), cutter.push('T'), cutter.push('and'), cutter.push(' on')]).toEqual([
    'one ',
    '',
    'STand',
    ' on',
  ]);
});

const UNSUPPORTED = "Unsupported parameter: 'stop' is not supported with this model.";

/** Refuses stop sequences as OpenAI's reasoning models do. */
function refusing(): Model & { readonly sent: (readonly string[] | undefined)[] } {
  const sent: (readonly string[] | undefined)[] = [];
  const answers = scriptedModel(['one two STOP three'], { loop: true, id: 'stub/model' });
  return {
    id: 'stub/model',
    sent,
    async call(request, context, tell) {
      sent.push(request.stop);
      if (request.stop?.length !== 0) {
        throw new RegattaError('model/invalid-request', `It does not take it (400: "${UNSUPPORTED}").`, {
          ...failure('model/invalid-request').details,
          status: 400,
        });
      }
      return await answers.call(request, context, tell);
    },
  };
}

test('a model that refuses stop sequences is asked once more without, and not again with; the text is cut here', async () => {
  const model = refusing();
  const llm = new LLM({ model, stop: ['STOP'] });
  const first = await llm.call('count');
  expect(first).toMatchObject({ text: 'one two ', finishReason: 'stop', attempts: 2 });
  expect(first.report).toMatchObject({ attempts: 2, calls: 1 });
  expect(await llm.call('count')).toMatchObject({ text: 'one two ', attempts: 1 });
  expect(model.sent).toEqual([undefined, [], []]);
  expect(llm.settings.stop).toEqual(['STOP']);
});

test('a stream is cut as well, and a refusal voids nothing that was shown', async () => {
  const stream = new LLM({ model: refusing(), stop: ['OP th', 'STOP'] }).stream('count');
  const parts: CallPart[] = await Array.fromAsync(stream);
  expect(parts[0]).toMatchObject({ type: 'retry', attempt: 1, error: { code: 'model/invalid-request' } });
  const shown = parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  expect(shown.join('')).toBe('one two ');
  expect((await stream.result).text).toBe('one two ');
});

test('a refusal of something else is no reason to leave the stop sequences out', async () => {
  const error = new RegattaError(
    'model/invalid-request',
    'It does not take it (400: "Invalid temperature").',
    {
      ...failure('model/invalid-request').details,
    },
  );
  const model = scriptedModel([{ error }]);
  await expect(new LLM({ model, stop: ['STOP'] }).call('count')).rejects.toBe(error);
  expect(model.requests).toHaveLength(1);
});

test('what follows the cut is gone, tool calls too; where nothing is to cut the answer is as it came', async () => {
  const toolCalls = [{ tool: 'look', args: {} }];
  const model = scriptedModel([
    { text: 'a STOP b', toolCalls },
    { text: 'a b', toolCalls },
  ]);
  const llm = new LLM({ model, stop: ['STOP', ''] });
  expect(await llm.call('x')).toMatchObject({ kind: 'text', text: 'a ' });
  expect(await llm.call('x')).toMatchObject({ kind: 'tool-calls', text: 'a b' });
});
