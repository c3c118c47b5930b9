/** A run's line to its host: who stops waiting says so, and a run that nobody listens to waits for nothing. */
import { expect, test } from 'vitest';
import { Outbox } from '../engines/threads/outbox.ts';
import type { Ask, FromThread } from '../engines/threads/wire.ts';
import type { Span } from '../ports/span.ts';
import { HostLink } from './host-link.ts';

const span: Span = { id: 'r/task', parentId: 'r', task: 'task', agent: null, scope: [] };
const ask: Ask = { kind: 'step', name: 'tool' };

function openLink() {
  const said: FromThread[] = [];
  const outbox = new Outbox<FromThread>(
    { postMessage: (batch) => said.push(...(batch as FromThread[])) },
    (message) => message,
  );
  const link = new HostLink('r', outbox);
  const types = (): readonly string[] => {
    outbox.flush();
    return said.splice(0).map(({ type }) => type);
  };
  return { link, types };
}

test('a span is announced once, before whatever is said of it', async () => {
  const { link, types } = openLink();
  link.draft({ span, body: { type: 'output.rejected', text: '', problems: '' } });
  const question = link.ask({ span, ask });
  link.answer(1, { status: 'done', value: 'yes' });
  expect(await question).toEqual({ call: 1, value: 'yes' });
  expect(types()).toEqual(['span', 'draft', 'ask']);
});

test('a caller whose time is up waits no more, and the host is told; an answer that comes then is nobody’s', async () => {
  const { link, types } = openLink();
  const late = new AbortController();
  const reason = new Error('no time left');
  const question = link.ask({ span, ask, signal: late.signal });
  late.abort(reason);
  await expect(question).rejects.toBe(reason);
  expect(types()).toEqual(['span', 'ask', 'abandon']);
  link.answer(1, { status: 'done', value: 'too late' });
  const denied = link.ask({ span, ask });
  link.answer(2, { status: 'failed', error: { ...blank, message: 'no' } });
  await expect(denied).rejects.toThrow('no');
  expect(types()).toEqual(['ask']);
});

test('what the host tells events of is given up only once the host has told the last of them', async () => {
  const { link, types } = openLink();
  const late = new AbortController();
  const reason = new Error('no time left');
  const request = { kind: 'question', question: 'Sure?', subject: null } as const;
  const question = link.ask({ span, ask: { kind: 'input', request }, signal: late.signal, isTold: true });
  const over: string[] = [];
  const settled = expect(question.finally(() => over.push('over'))).rejects.toBe(reason);
  late.abort(reason);
  await new Promise((resolve) => setImmediate(resolve));
  expect([types(), over]).toEqual([['span', 'ask', 'abandon'], []]);
  link.answer(1, { status: 'failed', error: { ...blank, message: 'told' } });
  await settled;
});

test('the work of a step is done when the host asks for it, and what came out is said as plain data', async () => {
  const { link, types } = openLink();
  const question = link.ask({ span, ask, work: async () => ({ kept: 1, lost: undefined }) });
  await link.work(1);
  link.answer(1, { status: 'done', value: { kept: 1 } });
  expect((await question).value).toEqual({ kept: 1 });
  expect(types()).toEqual(['span', 'ask', 'worked']);
  await link.work(1); // its question is answered
  expect(types()).toEqual([]);
});

test('once released a run waits for no answer, and says nothing but its end and its orphans', async () => {
  const { link, types } = openLink();
  const reason = new Error('nobody listens');
  const waiting = link.ask({ span, ask });
  types();
  link.release(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(link.ask({ span, ask })).rejects.toBe(reason);
  link.draft({ span, body: { type: 'output.rejected', text: '', problems: '' } });
  link.orphan(Promise.resolve());
  link.end({ status: 'done', value: null });
  await new Promise((resolve) => setImmediate(resolve));
  expect(types()).toEqual(['orphan', 'end', 'orphan.end']);
});

const blank = { name: 'Error', code: null, message: '', details: null, stack: null, cause: null } as const;
