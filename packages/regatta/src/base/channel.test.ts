import { describe, expect, test } from 'vitest';
import { Channel } from './channel.ts';

/** Whether `take` has given something by the time the event loop turns. */
async function isTaken(channel: Channel<number>): Promise<boolean> {
  let taken = false;
  void channel.take().then(() => {
    taken = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return taken;
}

describe('what comes while nobody waits is not lost (R71)', () => {
  test('a wake that comes while nobody waits is not lost, and counts once', async () => {
    const channel = new Channel<number>();
    channel.wake();
    expect(await isTaken(channel)).toBe(true);
    expect(await isTaken(channel)).toBe(false);
  });
  test('a value', async () => {
    const channel = new Channel<number>();
    channel.push(1);
    channel.push(2);
    expect(channel.size).toBe(2);
    expect(await channel.take()).toEqual([1, 2]);
    expect(await isTaken(channel)).toBe(false);
  });
});

test('a push or a wake at any microtask after the reader began to wait lets it go on, with all values', async () => {
  for (let boundary = 0; boundary < 8; boundary++) {
    const channel = new Channel<number>();
    const read: number[] = [];
    const reader = (async () => {
      while (read.length < 3) read.push(...(await channel.take()));
    })();
    for (const value of [1, 2, 3]) {
      for (let hop = 0; hop < boundary; hop++) await undefined;
      channel.push(value);
      channel.wake();
    }
    await reader;
    expect(read).toEqual([1, 2, 3]);
  }
});
