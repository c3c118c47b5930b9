/**
 * One measurement in a process of its own: `node --expose-gc child.ts '<ChildTask as JSON>'`. The last
 * line that it prints is a `Measurement` as JSON. With `profile` it also writes one into that file.
 */
import { get } from 'node:http';
import type { ContestantModule } from './job.ts';
import * as job from './job.ts';
import { measure, type Scenario, type Server } from './measure.ts';
import type { MockStats } from './mock-model.ts';
import { type ProfileKind, startProfile } from './profile.ts';

export interface ChildTask {
  /** URL of the contestant's module. */
  readonly module: string;
  /** Of the mock model server. */
  readonly origin: string;
  readonly scenario: Scenario;
  /** The core that the process is pinned to. */
  readonly core?: number | undefined;
  readonly profile?: { readonly kind: ProfileKind; readonly file: string };
}

async function main({ module: url, origin, scenario, core, profile }: ChildTask): Promise<void> {
  const collectGarbage = globalThis.gc;
  if (collectGarbage === undefined) throw new Error('The garbage collector is not exposed. Use --expose-gc.');
  const module = (await import(url)) as ContestantModule; // what every contestant exports
  const contestant = await module.open({ baseURL: `${origin}/v1`, job });
  let finish: (() => Promise<void>) | undefined;
  const measurement = await measure(scenario, {
    runCrew: contestant.runCrew,
    server: serverAt(origin),
    core,
    collectGarbage: () => void collectGarbage(),
    ...(profile && {
      onWindow: async (edge) => {
        if (edge === 'start') finish = await startProfile(profile.kind, profile.file);
        else await finish?.();
      },
    }),
  });
  await contestant.close();
  console.log(JSON.stringify(measurement));
}

/** On plain `http.get`, so that no second HTTP client is on the scales. */
function serverAt(origin: string): Server {
  const ask = (path: string): Promise<MockStats> =>
    new Promise((resolve, reject) => {
      get(`${origin}${path}`, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => resolve(JSON.parse(text) as MockStats)); // the mock's own
      }).on('error', reject);
    });
  return { hold: () => ask('/hold'), release: () => ask('/release'), stats: () => ask('/stats') };
}

await main(JSON.parse(process.argv[2] ?? '') as ChildTask); // written by process.ts
process.exit(0); // whatever a contestant leaves open is not ours to wait for
