/** A crew that measures a passage by sea, counts the hours, and writes a plan. */
import { Agent, Crew, Task } from '../../../index.ts';
import { PORTS, type Port } from '../data/ports.ts';
import { demoTool } from '../demo-tool.ts';

const EARTH_RADIUS_NM = 3440.065;
const KILOMETRES_PER_NM = 1.852;
const HOUR_MS = 3_600_000;

const measureRoute = demoTool({
  name: 'measure_route',
  description: 'The shortest way between ports, in nautical miles, over land too. Ports: see the error.',
  properties: { query: { type: 'string', description: 'The ports in order, such as "Kiel to Oslo".' } },
  answer: ({ query }) => {
    const text = String(query);
    const ports = PORTS.filter(({ name }) => text.includes(name)).toSorted(
      (a, b) => text.indexOf(a.name) - text.indexOf(b.name),
    );
    if (ports.length < 2)
      throw new Error(`Name two of these ports: ${PORTS.map(({ name }) => name).join(', ')}.`);
    const miles = ports
      .slice(1)
      .reduce((all, port, index) => all + distanceNm(ports[index] ?? port, port), 0);
    return { ports: ports.map(({ name }) => name), nauticalMiles: Math.round(miles) };
  },
});

const convertDistance = demoTool({
  name: 'convert_distance',
  description: 'Converts nautical miles to kilometres.',
  properties: { nauticalMiles: { type: 'number', minimum: 0, examples: [100] } },
  answer: ({ nauticalMiles }) => ({ kilometres: Math.round(Number(nauticalMiles) * KILOMETRES_PER_NM) }),
});

const addHours = demoTool({
  name: 'add_hours',
  description: 'The date and time, in UTC, some hours after another.',
  properties: {
    start: { type: 'string', format: 'date-time' },
    hours: { type: 'number', minimum: 0, examples: [30] },
  },
  answer: ({ start, hours }) => new Date(Date.parse(String(start)) + Number(hours) * HOUR_MS).toISOString(),
});

/** Along a great circle: the haversine formula. */
function distanceNm(from: Port, to: Port): number {
  const radians = (degrees: number): number => (degrees * Math.PI) / 180;
  const latitude = radians(to.latitude - from.latitude);
  const longitude = radians(to.longitude - from.longitude);
  const chord =
    Math.sin(latitude / 2) ** 2 +
    Math.cos(radians(from.latitude)) * Math.cos(radians(to.latitude)) * Math.sin(longitude / 2) ** 2;
  return 2 * EARTH_RADIUS_NM * Math.asin(Math.sqrt(chord));
}

const navigator = new Agent({
  role: 'Navigator',
  goal: 'Measure the way',
  tools: [measureRoute, convertDistance],
});
const skipper = new Agent({
  role: 'Skipper',
  goal: 'Bring boat and people home well rested',
  backstory: 'You count on six knots, and sleep in harbours.',
  tools: [addHours],
});

export const tripPlanner: Crew = new Crew({
  name: 'trip planner',
  agents: [navigator, skipper],
  tasks: [
    new Task({
      name: 'route',
      description: '{marker}: how far is it from {from} to {to}?',
      expectedOutput: 'Nautical miles and kilometres.',
      agent: navigator,
    }),
    new Task({
      name: 'timetable',
      description: '{marker}: when is a boat that leaves {from} on {start} in {to}?',
      expectedOutput: 'Date and hour of arrival at six knots.',
      agent: skipper,
    }),
    new Task({
      name: 'plan',
      description: '{marker}: write the plan for the passage from {from} to {to}.',
      expectedOutput: 'At most five lines.',
      agent: skipper,
      tools: [measureRoute, addHours],
    }),
  ],
});
