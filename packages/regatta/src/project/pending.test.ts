import { expect, test } from 'vitest';
import { PENDING } from './fields/pending.ts';
import { FIELDS } from './fields/table.ts';
import { loadProject } from './load-project.ts';
import { AGENTS, problemsOf, TASKS, writeProject } from './project.fixture.ts';

// A value for each switch among the options that the classes have not yet.
const switches = FIELDS.agent.filter((field) => 'off' in field && PENDING.has(`agent.${field.option}`));

test.runIf(switches.length > 0)(
  'what is off may be written out, what would be on is a problem, never a setting without an effect',
  async () => {
    for (const field of switches) {
      const [key] = field.keys;
      const off = 'off' in field && field.off;
      const files = (value: unknown) => ({
        'agents.yaml': `${AGENTS}  ${key}: ${value}\n`,
        'tasks.yaml': TASKS,
      });
      await expect(loadProject(writeProject(files(off)))).resolves.toMatchObject({ notes: [] });
      expect(await problemsOf(files(!off))).toEqual([
        `agents.yaml:5:3 ${key} of agent "writer" cannot be set in this version. Take it out.`,
      ]);
    }
  },
);
