/**
 * A tool that computes, twice: on the event loop, which stands still meanwhile, and on OS threads,
 * where it holds nothing up here. The results are the same.
 */
import { createRuntime, type RunEvent } from 'regatta';
import { crew } from './crews/primes.ts';

await using runtime = createRuntime({
  env: process.env,
  llm: process.env.REGATTA_LLM ?? 'rehearsal',
});

let turns = 0;
const pulse = setInterval(() => turns++, 1);

for (const kickoff of ['kickoff', 'kickoffAsync'] as const) {
  const engines = new Set<string>();
  const hear = (event: RunEvent): void => {
    if (event.type === 'run.start') engines.add(event.engine);
  };
  turns = 0;
  const outputs = await Promise.all(
    ['Cowes', 'Kiel'].map((who) => crew[kickoff]({ inputs: { who }, callbacks: [hear], runtime })),
  );
  console.log(`${kickoff}, engine ${[...engines].join()}: the event loop turned ${turns} times`);
  for (const { text } of outputs) console.log(`  ${text.split('\n').at(-1)}`);
}

clearInterval(pulse);
