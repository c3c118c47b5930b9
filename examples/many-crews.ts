/**
 * Many crews at once, each with its own callback of one and the same class.
 *
 * Each run gets a marker, and each callback counts what it hears of its own run and of others. In the
 * bug that Regatta comes from, callbacks of one class evict each other. Here `foreign` is always 0.
 */
import { Agent, Crew, type RunEvent, Task } from 'regatta';

const llm = process.env.REGATTA_LLM ?? 'rehearsal';
const count = Number(process.argv[2] ?? 24);

export class Tracer {
  readonly marker: string;
  own = 0;
  foreign = 0;

  constructor(marker: string) {
    this.marker = marker;
  }

  async onEvent(event: RunEvent): Promise<void> {
    await new Promise(setImmediate); // slow enough for the runs to overlap
    const markers = new Set(JSON.stringify(event).match(/boat-\d+/g));
    if (markers.delete(this.marker)) this.own++;
    if (markers.size > 0) this.foreign++;
  }
}

function makeCrew(): Crew {
  const captain = new Agent({ role: 'Captain', goal: 'Win the race', llm });
  const crewman = new Agent({ role: 'Crewman', goal: 'Trim the sails', llm });
  const plan = new Task({ description: 'Plan the race of {boat}', expectedOutput: 'A plan', agent: captain });
  const trim = new Task({ description: 'Trim for {boat}', expectedOutput: 'Sails set', agent: crewman });
  return new Crew({ agents: [captain, crewman], tasks: [plan, trim] });
}

const boats = Array.from({ length: count }, (_, index) => {
  const tracer = new Tracer(`boat-${index + 1}`);
  const run = makeCrew().start({ inputs: { boat: tracer.marker }, callbacks: [tracer] });
  return { tracer, run };
});

let foreign = 0;
for (const { tracer, run } of boats) {
  const { text } = await run.result;
  const { emitted, delivered, failed, dropped, balance } = await run.flush();
  foreign += tracer.foreign;
  const line = { emitted, delivered, failed, dropped, balance, own: tracer.own, foreign: tracer.foreign };
  console.log(`${tracer.marker} ${JSON.stringify(line)} ${JSON.stringify(text)}`);
}
console.log(`${boats.length} crews at once, foreign events: ${foreign}`);
