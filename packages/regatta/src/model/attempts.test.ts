import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCore } from '../api/core.ts';
import { LLM, type Model, type ModelReply, RegattaError, type RunEvent, type Usage } from '../index.ts';
import { checkTrace, createGate } from '../testing/index.ts';
import { inputsOf, markedCrew, markerIn, settle, Tracer } from '../testing/marked.fixture.ts';

/** What one request to the stub does. */
interface Behaviour {
  readonly end: 'answers' | 'is busy' | 'is refused' | 'breaks off';
  readonly pieces: number;
  readonly tokens: number;
}

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  end: fc.constantFrom('answers', 'answers', 'is busy', 'is refused', 'breaks off'),
  pieces: fc.integer({ min: 0, max: 4 }),
  tokens: fc.integer({ min: 1, max: 1000 }),
});

const failure = (code: 'model/overloaded' | 'model/network', status: number | null, retryable: boolean) =>
  new RegattaError(code, 'It failed. Try again.', {
    model: 'stub/model',
    status,
    retryable,
    retryAfterMs: 0,
    providerCode: null,
  });

const usageOf = (tokens: number): Usage => ({
  inputTokens: tokens,
  outputTokens: 1,
  cachedInputTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
});

function replyOf(text: string, tokens: number): ModelReply {
  return {
    message: { role: 'assistant', content: [{ type: 'text', text }] },
    finishReason: 'stop',
    usage: usageOf(tokens),
    modelId: null,
    responseId: null,
  };
}

/** A vendor with books of its own: what it billed, by run. */
function vendor(behaviours: readonly Behaviour[], turn: () => Promise<unknown>) {
  const bills = new Map<string, number[]>();
  const requests = new Map<string, number>();
  const model: Model = {
    id: 'stub/model',
    price: { inputUsdPerMillion: 1, outputUsdPerMillion: 1 },
    async call({ messages }, { wantsDeltas }, tell) {
      const marker = markerIn(messages);
      const count = requests.get(marker) ?? 0;
      requests.set(marker, count + 1);
      const { end, pieces, tokens } = behaviours[(count + Number(marker.slice(5))) % behaviours.length]!;
      await turn();
      for (let piece = 0; wantsDeltas && piece < pieces; piece++) {
        await tell({ type: 'delta', kind: 'text', text: 'piece ', tool: null });
        await turn();
      }
      if (end === 'is busy') throw failure('model/overloaded', 503, true);
      if (end === 'is refused') throw failure('model/overloaded', 400, false);
      if (end === 'breaks off') throw failure('model/network', null, true);
      bills.set(marker, [...(bills.get(marker) ?? []), tokens + 1]);
      return replyOf(`answer to ${marker}`, tokens);
    },
  };
  return { model, bills, requests };
}

test('any tree of retries on one LLM: callbacks hear a call once, the ledger has what the vendor billed (D12, R46)', async () => {
  const input = [fc.array(behaviour, { minLength: 1, maxLength: 6 }), fc.scheduler(), fc.boolean()] as const;
  await fc.assert(
    fc.asyncProperty(...input, async (behaviours, scheduler, stream) => {
      const { model, bills, requests } = vendor(behaviours, () => scheduler.schedule(Promise.resolve()));
      const retry = { maxAttempts: 4, minDelayMs: 0, maxDelayMs: 0, retry: 'always' } as const;
      const llm = new LLM({ model, retry });
      const crew = markedCrew([], { llm });
      const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
      const core = createCore({ clock });
      const tracers = Array.from({ length: 5 }, (_, index) => new Tracer(`MARK-${index}`));
      const runs = tracers.map((tracer, index) =>
        crew.start({ inputs: inputsOf(index), stream, callbacks: [tracer], runtime: { core } }),
      );
      await scheduler.waitFor(Promise.allSettled(runs.map(({ result }) => result)));
      for (const [index, run] of runs.entries()) {
        const tracer = tracers[index]!;
        const audit = await run.flush();
        const { heard, foreign, marker } = tracer;
        expect(checkTrace(heard, { ledger: run.ledger, audit })).toEqual([]);
        expect(foreign).toBe(0);
        const count = (type: RunEvent['type']) => heard.filter((event) => event.type === type).length;
        expect([count('model.start'), count('model.end')]).toEqual([1, 1]);
        expect(run.ledger).toHaveLength(requests.get(marker)!);
        expect(count('model.retry')).toBe(run.ledger.length - 1);
        const billed = run.ledger.filter(({ source }) => source === 'provider');
        expect(billed.map(({ usage }) => (usage.inputTokens ?? 0) + 1)).toEqual(bills.get(marker) ?? []);
      }
    }),
    { numRuns: 60 },
  );
});

test('however an answer is cut into pieces, it is billed once, by its end (D11, R44)', async () => {
  const cuts = fc.array(fc.string({ minLength: 1, maxLength: 8 }), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(cuts, fc.integer({ min: 0, max: 5000 }), async (pieces, tokens) => {
      const model: Model = {
        id: 'stub/model',
        async call(_request, _context, tell) {
          for (const text of pieces) await tell({ type: 'delta', kind: 'text', text, tool: null });
          return replyOf(`x${pieces.join('')}`, tokens);
        },
      };
      const run = new LLM({ model }).start('hello', { stream: true });
      await run.result;
      expect(run.ledger).toMatchObject([
        { status: 'succeeded', source: 'provider', usage: usageOf(tokens), attemptId: `${run.id}/call#1` },
      ]);
      expect(run.usage).toMatchObject({ inputTokens: tokens, outputTokens: 1, estimated: 0 });
    }),
    { numRuns: 50 },
  );
});

test('a call that is cancelled at any piece is billed as far as it came, and has its end (D11, R45)', async () => {
  const pieces = ['four', 'more', 'text', 'ends'];
  for (let at = 0; at <= pieces.length; at++) {
    const gate = createGate();
    const model: Model = {
      id: 'stub/model',
      async call(_request, _context, tell) {
        for (const [index, text] of pieces.entries()) {
          if (index === at) await gate.pass();
          await tell({ type: 'delta', kind: 'text', text, tool: null });
        }
        await gate.pass();
        return replyOf('late', 10);
      },
    };
    const tracer = new Tracer('none');
    const run = new LLM({ model }).start('hello', { stream: true, callbacks: [tracer] });
    await gate.reached;
    await settle();
    run.cancel('enough');
    await expect(run.result).rejects.toMatchObject({ code: 'run/cancelled' });
    const audit = await run.flush();
    expect(checkTrace(tracer.heard, { ledger: run.ledger, audit })).toEqual([]);
    expect(run.ledger).toMatchObject([
      { status: 'aborted', source: 'estimated', usage: { outputTokens: at } },
    ]);
    expect(tracer.heard.at(-2)).toMatchObject({ type: 'model.end', message: null });
    gate.open();
  }
});

test('the total of a run is right when its result is there, whatever its callbacks have heard (R47)', async () => {
  const gate = createGate();
  const runs = Array.from({ length: 3 }, (_, index) =>
    markedCrew([{ text: 'ok', usage: { inputTokens: 7 * index } }]).start({
      inputs: inputsOf(index),
      callbacks: [() => gate.pass()],
    }),
  );
  const outputs = await Promise.all(runs.map(({ result }) => result));
  expect(outputs.map(({ usage }) => usage.inputTokens)).toEqual([0, 7, 14]);
  expect(runs.map(({ usage }) => usage.attempts)).toEqual([1, 1, 1]);
  gate.open();
});
