/** Agents that work together: a consensus on facts, and a manager whose crew delegates among itself. */
import { Agent, Crew, type RunEvent, Task } from 'regatta';

const llm = process.env.REGATTA_LLM ?? 'rehearsal';

const navigator = new Agent({ role: 'Navigator', goal: 'Know where the boat is', llm });
const tactician = new Agent({ role: 'Tactician', goal: 'Know where the others are', llm });
const helmsman = new Agent({
  role: 'Helmsman',
  goal: 'Keep the boat fast',
  llm,
  allowDelegation: true,
  allowedDelegates: [navigator, 'Tactician'],
});

const side = new Task({
  name: 'side',
  description: 'Which side of the first beat pays at {place}, left or right?',
  expectedOutput: 'One word and the reason in a sentence',
});
const beat = new Task({
  name: 'beat',
  description: 'Sail the first beat at {place}.',
  expectedOutput: 'The tacks to make, in order',
});

/** What the agents did for each other. */
function tell(event: RunEvent): void {
  if (event.type === 'plan.end')
    console.log(`plan: ${event.items.map(({ coworker }) => coworker).join(', ')}`);
  if (event.type === 'delegation.end') console.log(`${event.coworker} worked for the manager`);
  if (event.type === 'review.end') console.log(`accepted: ${event.accepted}`);
  if (event.type === 'decision.end') console.log(`votes: ${Object.values(event.tally ?? {}).join(' to ')}`);
}

const agents = [navigator, tactician, helmsman];
const council = new Crew({ process: 'consensus', decide: 'vote', agents, tasks: [side] });
const watch = new Crew({ process: 'hierarchical', managerLlm: llm, agents, tasks: [beat] });

const inputs = { place: 'Cowes' };
for (const crew of [council, watch]) {
  const run = crew.start({ inputs, callbacks: [tell] });
  const { text, usage } = await run.result;
  await run.flush();
  console.log(text);
  console.log(
    Object.entries(usage.byAgent)
      .map(([agent, { calls }]) => `${agent} ${calls}`)
      .join(', '),
  );
}
