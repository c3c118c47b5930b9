/** One case of one contestant, in a process of its own. Prints the counts as its last line. */
import { writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CASES, type Contestant, type Counts, type Holds, markerOf } from './cases.ts';

export interface ChildOptions {
  /** URL of the contestant's module. */
  readonly module: string;
  readonly baseURL: string;
  readonly name: string;
}

interface ContestantModule {
  readonly mechanism: string;
  setup(options: { readonly baseURL: string }): Promise<Contestant>;
}

async function main({ module, baseURL, name }: ChildOptions): Promise<Counts | undefined> {
  const { setup, mechanism } = (await import(module)) as ContestantModule; // see contestants/
  const contestant = await setup({ baseURL });
  if (name === 'mechanism') return { mechanism };
  if (name === 'exit' || name === 'process.exit') return await exit(contestant, name === 'process.exit');
  const { holds } = (await import(new URL('_tool.mjs', module).href)) as { readonly holds: Holds };
  return await CASES[name]?.(contestant, holds);
}

/** The process is over right after the result. Handlers take half a second each, and say so on the standard output. */
async function exit({ run }: Contestant, isForced: boolean): Promise<undefined> {
  const marker = markerOf(1);
  const hear = async (): Promise<void> => {
    await sleep(500);
    writeSync(1, 'DELIVERED\n');
  };
  await run(marker, { hear });
  writeSync(1, 'RESULT\n');
  if (isForced) process.exit(0);
}

const counts = await main(JSON.parse(process.argv[2] ?? '{}'));
if (counts !== undefined) {
  writeSync(1, `${JSON.stringify(counts)}\n`);
  process.exit(0); // a contestant may leave timers or sockets that keep the process
}
