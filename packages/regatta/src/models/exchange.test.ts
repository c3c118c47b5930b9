import type { Dispatcher } from 'undici';
import { expect, it, vi } from 'vitest';
import { Exchange } from './exchange.ts';

function createController(): Dispatcher.DispatchController {
  const controller = {
    paused: false,
    pause: vi.fn(() => {
      controller.paused = true;
    }),
    resume: vi.fn(() => {
      controller.paused = false;
    }),
    abort: vi.fn(),
  };
  return controller as unknown as Dispatcher.DispatchController; // as much of it as is used
}

function open(signal: AbortSignal | null = null): {
  exchange: Exchange;
  controller: Dispatcher.DispatchController;
} {
  const exchange = new Exchange(signal);
  exchange.head.catch(() => undefined); // each test looks at it if it matters
  return { exchange, controller: createController() };
}

it('stops the server while too much waits, and lets it go on when that is read', async () => {
  const { exchange, controller } = open();
  exchange.onRequestStart(controller);
  exchange.onResponseData(controller, new Uint8Array(200 * 1024));
  expect(controller.pause).not.toHaveBeenCalled();
  exchange.onResponseData(controller, new Uint8Array(200 * 1024));
  expect(controller.pause).toHaveBeenCalledTimes(1);
  await exchange.read();
  expect(controller.resume).toHaveBeenCalledTimes(1);
});

it('never starts what was given up while it waited for a socket', async () => {
  const aborting = new AbortController();
  const { exchange, controller } = open(aborting.signal);
  const reason = new Error('no longer');
  aborting.abort(reason);
  await expect(exchange.head).rejects.toBe(reason);
  exchange.onRequestStart(controller);
  expect(controller.abort).toHaveBeenCalledWith(reason);
});

it('gives what came before the end, and the end', async () => {
  const { exchange, controller } = open();
  exchange.onResponseStart(controller, 103, {}, 'Early Hints');
  exchange.onResponseStart(controller, 200, { a: 'b' }, 'OK');
  expect(await exchange.head).toEqual({ status: 200, statusText: 'OK', headers: { a: 'b' } });
  exchange.onResponseData(controller, new Uint8Array([1]));
  exchange.onResponseEnd();
  expect(await exchange.read()).toEqual({ done: false, value: new Uint8Array([1]) });
  expect(await exchange.read()).toEqual({ done: true });
  exchange.onResponseError(controller, new Error('too late to matter'));
  expect(await exchange.read()).toEqual({ done: true });
});

it('leaves no listener on the signal', () => {
  const { signal } = new AbortController();
  const removed = vi.spyOn(signal, 'removeEventListener');
  open(signal).exchange.onResponseEnd();
  open(signal).exchange.onResponseError(createController(), new Error('reset'));
  expect(removed).toHaveBeenCalledTimes(2);
});
