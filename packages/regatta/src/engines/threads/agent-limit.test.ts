/** The limit of an agent holds for all its runs in a runtime, wherever they execute. */
import { expect, test } from 'vitest';
import { createRuntime, threads } from '../../index.ts';
import { createManualClock } from '../../testing/index.ts';
import { limited } from './fixtures/agents.fixture.ts';

test('runs on threads and here wait for each other, and a run that waits can be cancelled', async () => {
  const clock = createManualClock();
  const engine = threads({ size: 2 });
  await using there = createRuntime({ clock, engine });
  await there.run(limited);
  const [second, third] = [there.start(limited), there.start(limited)];
  while (clock.timers === 0) await clock.settle();
  expect([second.status, third.status]).toEqual(['running', 'running']);
  third.cancel('enough');
  await expect(third.result).rejects.toMatchObject({ code: 'run/cancelled' });
  expect(third.ledger).toEqual([]);
  while (second.status === 'running') await clock.advance(60_000);
  expect((await second.result).text).toBe('ok');

  await using here = createRuntime({ clock });
  expect((await here.run(limited)).text).toBe('ok'); // another runtime has a limit of its own
  expect(clock.timers).toBe(0);
});
