/** The runs of the demonstration: four crews, each three times, each run with its own inputs and witness. */
import type { Callback, Crew, Inputs } from '../../index.ts';
import type { Entry } from '../run-all.ts';
import { incidentReport } from './crews/incident-report.ts';
import { marketResearch } from './crews/market-research.ts';
import { releaseNotes } from './crews/release-notes.ts';
import { tripPlanner } from './crews/trip-planner.ts';
import type { DemoContext } from './demo-tool.ts';
import { Witness } from './witness.ts';

export interface DemoRun {
  readonly entry: Entry;
  readonly witness: Witness;
}

const RUNS: readonly (readonly [marker: string, crew: Crew, inputs: Inputs])[] = [
  ['RUN-a1b2', marketResearch, { product: 'dinghy', buyers: 'families' }],
  ['RUN-3f0c', releaseNotes, { component: 'scheduler', version: '2.3.4' }],
  ['RUN-9d47', incidentReport, { service: 'checkout' }],
  ['RUN-5e86', tripPlanner, { from: 'Kiel', to: 'Oslo', start: '2026-07-04T06:00:00Z' }],
  ['RUN-b7d1', marketResearch, { product: 'racing shell', buyers: 'clubs' }],
  ['RUN-62aa', releaseNotes, { component: 'storage', version: '1.9.0' }],
  ['RUN-c05e', incidentReport, { service: 'search' }],
  ['RUN-18f3', tripPlanner, { from: 'Bergen', to: 'Aberdeen', start: '2026-06-12T18:30:00Z' }],
  ['RUN-e49b', marketResearch, { product: 'kayak', buyers: 'rental firms' }],
  ['RUN-704d', releaseNotes, { component: 'console', version: '0.14.2' }],
  ['RUN-2bc8', incidentReport, { service: 'mail' }],
  ['RUN-d936', tripPlanner, { from: 'Brest', to: 'Cork', start: '2026-08-01T04:15:00Z' }],
];

/**
 * Fresh runs with fresh witnesses. `listen` makes the callback that tells a witness of its run's
 * events; tests give one that shares what must not be shared.
 */
export function createDemoRuns(
  listen: (witness: Witness) => Callback = (witness) => witness,
): readonly DemoRun[] {
  return RUNS.map(([marker, crew, inputs]) => {
    const witness = new Witness(marker);
    const context: DemoContext = { marker };
    const entry: Entry = {
      name: `${marker} ${crew.name}`,
      crew,
      options: { inputs: { ...inputs, marker }, context, callbacks: [listen(witness)] },
      onStart: ({ id }) => witness.belongTo(id),
    };
    return { entry, witness };
  });
}
