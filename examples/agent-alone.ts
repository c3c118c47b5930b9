/** An agent without a crew: asked twice, it remembers; its steps are watched, and its answer is typed. */
import { Agent, defineTool, type Memory, type Recollection } from 'regatta';
import { z } from 'zod';

const tide = defineTool({
  name: 'tide',
  description: 'Gives the hours of high water at a harbour.',
  input: z.object({ harbour: z.string() }),
  execute: ({ harbour }) => ({ harbour, highWater: ['04:10', '16:35'] }),
});

/** The smallest memory there is: what was answered last. A real one keeps it in a store, by tenant. */
function lastAnswer(): Memory {
  const kept: Recollection[] = [];
  return {
    name: 'last answer',
    recall: async ({ limit }) => kept.slice(-limit),
    remember: async ({ task, answer }) => {
      kept.push({ text: answer, source: task.split('\n', 1)[0] ?? '' });
    },
    reset: async () => {
      kept.length = 0;
    },
  };
}

const pilot = new Agent({
  role: 'Pilot of {harbour}',
  goal: 'Bring ships in safely',
  llm: process.env.REGATTA_LLM ?? 'rehearsal',
  tools: [tide],
  memory: [lastAnswer()],
  skills: [
    {
      name: 'night_entry',
      description: 'How to enter a harbour by night.',
      load: () => 'Keep the leading lights in line. Call the harbour on channel 12 before you enter.',
    },
  ],
  injectDate: true,
  timeZone: 'Europe/Berlin',
  stepCallback: (step) => {
    const what = step.kind === 'tools' ? step.calls.map(({ tool }) => tool).join(', ') : 'answer';
    console.log(`turn ${step.turn}: ${what}`);
  },
});

const Plan = z.object({ enterAt: z.string(), advice: z.string() });

const first = await pilot.kickoff('When may we enter tonight?', {
  inputs: { harbour: 'Kiel' },
  output: Plan,
});
const plan: string = `${first.parsed.enterAt}, ${first.parsed.advice}`; // typed by the schema
console.log(`plan: ${plan === '' ? 'none' : 'made'}`);

const second = await pilot.kickoff('And how do we leave?', { inputs: { harbour: 'Kiel' } });
const asked = second.messages.find(({ role }) => role === 'user')?.content;
console.log(String(asked).replace(/\d{4}-\d\d-\d\d/, '<date>'));
console.log(`calls: ${first.usage.calls} and ${second.usage.calls}`);
