/** What is run of each contestant, by name. Quick ones say whether things work, not how fast they are. */
import type { Scenario } from './measure.ts';

/**
 * So many that V8 has compiled what is hot. With 1500 the loop still costs twice as much as later, and
 * every ratio to it looks better than it is.
 */
const WARM_UP_CREWS = 5000;

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'load-1': { kind: 'load', concurrency: 1, warmUpCrews: WARM_UP_CREWS, crews: 500, ms: 2500 },
  'load-100': { kind: 'load', concurrency: 100, warmUpCrews: WARM_UP_CREWS, crews: 1000, ms: 3000 },
  'load-1000': { kind: 'load', concurrency: 1000, warmUpCrews: WARM_UP_CREWS, crews: 3000, ms: 3000 },
  'load-10000': { kind: 'load', concurrency: 10_000, warmUpCrews: 10_000, crews: 20_000, ms: 3000 },
  pace: { kind: 'pace', warmUpCrews: WARM_UP_CREWS, ms: 10_000, perSecond: 0 },
  // The warm-up opens the sockets, so that they are not weighed.
  'freeze-100': { kind: 'freeze', concurrency: 100, warmUpCrews: 500 },
  'freeze-1000': { kind: 'freeze', concurrency: 1000, warmUpCrews: 2000 },
  retain: { kind: 'retain', concurrency: 100, warmUpCrews: 1000, crews: 3000 },
};

export const QUICK_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'load-1': { kind: 'load', concurrency: 1, warmUpCrews: 100, crews: 100, ms: 500 },
  'load-100': { kind: 'load', concurrency: 100, warmUpCrews: 300, crews: 300, ms: 500 },
  'load-1000': { kind: 'load', concurrency: 1000, warmUpCrews: 300, crews: 1000, ms: 500 },
  pace: { kind: 'pace', warmUpCrews: 300, ms: 1000, perSecond: 0 },
  'freeze-100': { kind: 'freeze', concurrency: 100, warmUpCrews: 200 },
  'freeze-1000': { kind: 'freeze', concurrency: 1000, warmUpCrews: 1000 },
  retain: { kind: 'retain', concurrency: 100, warmUpCrews: 300, crews: 500 },
};

/** Run only where it is named: it takes minutes. */
export const ON_REQUEST: readonly string[] = ['load-10000'];
