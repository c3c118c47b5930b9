import { expect, test } from 'vitest';
import type { Clock } from '../base/clock.ts';
import { isRegattaError } from '../base/errors.ts';
import { startCollector } from './collector.fixture.ts';
import { createDelivery } from './delivery.ts';

const parcel = { body: '{}', contentType: 'application/json', what: '2 spans' };

/** Sleeps at once, and writes down for how long it was asked to. */
function recordingClock(): Clock & { readonly sleeps: readonly number[] } {
  const sleeps: number[] = [];
  let time = 0;
  return {
    sleeps,
    now: () => Date.UTC(2026, 0, 1) + time,
    monotonic: () => time,
    async sleep(ms) {
      sleeps.push(ms);
      time += ms;
    },
  };
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => expect.unreachable(),
    (error) => error,
  );
}

test('a body arrives with its type and headers, and the answer comes back', async () => {
  await using collector = await startCollector(() => ({ body: 'taken' }));
  const deliver = createDelivery({
    name: 'test',
    endpoint: `${collector.url}/in?x=1`,
    headers: { 'x-key': 'k' },
  });
  expect(new TextDecoder().decode(await deliver(parcel))).toBe('taken');
  expect(collector.received).toMatchObject([
    { method: 'POST', path: '/in?x=1', headers: { 'x-key': 'k', 'content-type': 'application/json' } },
  ]);
  expect(collector.received[0]!.body.toString()).toBe('{}');
});

test.each([429, 502, 503, 504])(
  'HTTP %i is tried again, with the pause that Retry-After asks for',
  async (status) => {
    await using collector = await startCollector((_, before) =>
      before === 0 ? { status, headers: { 'retry-after': '7' } } : {},
    );
    const clock = recordingClock();
    await createDelivery({ name: 'test', endpoint: collector.url, clock })(parcel);
    expect(collector.received).toHaveLength(2);
    expect(clock.sleeps).toEqual([7000]);
  },
);

test('Retry-After may be a date; without one the pauses double', async () => {
  const dates = ['Thu, 01 Jan 2026 00:00:03 GMT'];
  await using collector = await startCollector((_, before) => {
    if (before === 0) return { status: 503, headers: { 'retry-after': dates[0]! } };
    return before === 1 ? { status: 503 } : {};
  });
  const clock = recordingClock();
  await createDelivery({ name: 'test', endpoint: collector.url, clock })(parcel);
  expect(clock.sleeps).toEqual([3000, 1000]);
});

test.each([400, 401, 404, 500])(
  'HTTP %i is not tried again: the error has the name and the status',
  async (status) => {
    await using collector = await startCollector(() => ({ status }));
    const error = await failureOf(createDelivery({ name: 'vendor', endpoint: collector.url })(parcel));
    expect(isRegattaError(error, 'callbacks/delivery-failed') && error.details).toEqual({
      name: 'vendor',
      status,
    });
    expect(collector.received).toHaveLength(1);
  },
);

test('attempts are bounded', async () => {
  await using collector = await startCollector(() => ({ status: 503 }));
  const clock = recordingClock();
  const error = await failureOf(createDelivery({ name: 'vendor', endpoint: collector.url, clock })(parcel));
  expect(error).toMatchObject({ message: expect.stringContaining('after 3 attempts') });
  expect(collector.received).toHaveLength(3);
});

test('a pause that would outlast the delivery is not begun', async () => {
  await using collector = await startCollector(() => ({ status: 429, headers: { 'retry-after': '3600' } }));
  const clock = recordingClock();
  await failureOf(createDelivery({ name: 'vendor', endpoint: collector.url, clock })(parcel));
  expect(collector.received).toHaveLength(1);
  expect(clock.sleeps).toEqual([]);
});

test('a connection that fails is tried again, then told without a status', async () => {
  const calls: unknown[] = [];
  const fetch = async (): Promise<Response> => {
    calls.push(null);
    throw new TypeError('fetch failed', {
      cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }),
    });
  };
  const clock = recordingClock();
  const error = await failureOf(
    createDelivery({ name: 'vendor', endpoint: 'http://127.0.0.1:1', fetch, clock })(parcel),
  );
  expect(isRegattaError(error, 'callbacks/delivery-failed') && error.details.status).toBeNull();
  expect((error as Error).message).toContain('no answer (ECONNREFUSED) after 3 attempts');
  expect(calls).toHaveLength(3);
});

test('a fetch that neither answers nor hears its signal ends at the time limit', async () => {
  const fetch = (): Promise<Response> => new Promise(() => undefined);
  const error = await failureOf(
    createDelivery({ name: 'vendor', endpoint: 'http://127.0.0.1:1', fetch, timeoutMs: 1 })(parcel),
  );
  expect(isRegattaError(error, 'callbacks/delivery-failed')).toBe(true);
  expect((error as Error).message).toContain('(timeout)');
});

test('a redirect is not followed: it would take the key to another host', async () => {
  await using other = await startCollector();
  await using collector = await startCollector(() => ({ status: 307, headers: { location: other.url } }));
  await failureOf(
    createDelivery({ name: 'vendor', endpoint: collector.url, headers: { 'x-key': 'k' } })(parcel),
  );
  expect(other.received).toEqual([]);
});

test('errors hold neither the endpoint nor the headers', async () => {
  await using collector = await startCollector(() => ({ status: 401, body: 'bad key sk-secret' }));
  const endpoint = `${collector.url}/token-secret`;
  const error = (await failureOf(
    createDelivery({ name: 'vendor', endpoint, headers: { authorization: 'Bearer sk-secret' } })(parcel),
  )) as Error;
  expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`).not.toContain('secret');
});

test('a header that cannot be sent fails without its value', async () => {
  const headers = { authorization: 'Bearer sk-secret\nx' };
  const clock = recordingClock();
  const error = await failureOf(
    createDelivery({ name: 'vendor', endpoint: 'http://127.0.0.1:1', headers, clock })(parcel),
  );
  expect(`${(error as Error).message} ${String((error as Error).cause)}`).not.toContain('secret');
});
