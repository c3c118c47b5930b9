/** A run while it goes on: its events as they happen, then what it used and what became of each event. */
import { Agent, Crew, type ReadableEvent, Task } from 'regatta';

const llm = process.env.REGATTA_LLM ?? 'rehearsal';

const reporter = new Agent({ role: 'Reporter', goal: 'Tell what happens on the water', llm });
const report = new Task({
  name: 'report',
  description: 'Report live from the regatta at {harbour}.',
  expectedOutput: 'Three sentences',
  agent: reporter,
});
const crew = new Crew({ agents: [reporter], tasks: [report] });

const run = crew.start({
  inputs: { harbour: 'Kiel' },
  stream: true,
  signal: AbortSignal.timeout(120_000),
});

for await (const event of run.events()) console.log(describe(event));

const { text } = await run.result;
const { calls, attempts, inputTokens, outputTokens } = run.usage;
const { emitted, offered, balance, openAttempts } = run.audit();
console.log(`answer: ${text}`);
console.log(`usage: ${JSON.stringify({ calls, attempts, inputTokens, outputTokens })}`);
console.log(`audit: ${JSON.stringify({ emitted, offered, balance, openAttempts })}`);

function describe(event: ReadableEvent): string {
  switch (event.type) {
    case 'events.gap':
      return `(events ${event.fromSeq} to ${event.toSeq} are gone)`;
    case 'model.delta':
      return `${event.seq} ${event.type} ${JSON.stringify(event.text)}`;
    case 'model.retry':
      return `${event.seq} ${event.type} after ${event.delayMs} ms: ${event.error.code}`;
    case 'run.end':
      return `${event.seq} ${event.type} ${event.status}`;
    default:
      return `${event.seq} ${event.type}`;
  }
}
