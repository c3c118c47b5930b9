/** A crew that reads a log, looks up the handbook, and fills in a report: typed output by a JSON Schema. */
import { Agent, Crew, Task } from '../../../index.ts';
import { HANDBOOK, LOG, type LogLine } from '../data/log.ts';
import { demoTool } from '../demo-tool.ts';
import { searchRows } from '../search.ts';

const textOf = ({ time, service, level, text }: LogLine): string => `${time} ${service} ${level} ${text}`;

const grepLog = demoTool({
  name: 'grep_log',
  description: 'Finds lines of the log by words, such as the name of a service.',
  properties: { query: { type: 'string' } },
  answer: ({ query }) => searchRows(LOG, String(query), { textOf, limit: 6 }).map(textOf),
});

const outageMinutes = demoTool({
  name: 'outage_minutes',
  description: 'Minutes from the first error of a service to the line that says that it recovered.',
  properties: { query: { type: 'string', description: 'The name of the service.' } },
  answer: ({ query }) => {
    const lines = LOG.filter(({ service }) => String(query).toLowerCase().includes(service));
    const first = lines.find(({ level }) => level === 'ERROR');
    const last = lines.findLast(({ text }) => text.startsWith('recovered'));
    if (first === undefined || last === undefined) return { minutes: null };
    return { minutes: (secondsOf(last.time) - secondsOf(first.time)) / 60 };
  },
});

const readHandbook = demoTool({
  name: 'read_handbook',
  description: 'Finds advice in the handbook by words.',
  properties: { query: { type: 'string' } },
  answer: ({ query }) => searchRows(HANDBOOK, String(query), { textOf: (advice) => advice, limit: 2 }),
});

/** Of `hh:mm:ss`. */
function secondsOf(time: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(':').map(Number);
  return hours * 3600 + minutes * 60 + seconds;
}

const logReader = new Agent({
  role: 'Log reader',
  goal: 'Say what happened when',
  tools: [grepLog, outageMinutes],
});
const responder = new Agent({
  role: 'Responder',
  goal: 'Say what to do so that it does not happen again',
  tools: [readHandbook],
});
const lead = new Agent({ role: 'Incident lead', goal: 'Fill in the report, without blame' });

export const incidentReport: Crew = new Crew({
  name: 'incident report',
  agents: [logReader, responder, lead],
  tasks: [
    new Task({
      name: 'read-log',
      description: '{marker}: what happened to {service} last night?',
      expectedOutput: 'The lines that matter, and the minutes that it took.',
      agent: logReader,
    }),
    new Task({
      name: 'advise',
      description: '{marker}: what does the handbook say of such a failure of {service}?',
      expectedOutput: 'At most three actions.',
      agent: responder,
    }),
    new Task({
      name: 'report',
      description: '{marker}: fill in the report on {service}.',
      expectedOutput: 'The report.',
      agent: lead,
      output: {
        type: 'object',
        properties: {
          title: { type: 'string' },
          severity: { type: 'string', enum: ['minor', 'major', 'critical'] },
          minutes: { type: 'integer', minimum: 0 },
          actions: { type: 'array', items: { type: 'string' }, minItems: 1, maxItems: 3 },
        },
        required: ['title', 'severity', 'minutes', 'actions'],
        additionalProperties: false,
      },
    }),
  ],
});
