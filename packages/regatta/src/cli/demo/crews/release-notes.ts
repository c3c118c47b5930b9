/** A crew that collects changes, counts up a version, and writes the notes. */
import { Agent, Crew, Task } from '../../../index.ts';
import { CHANGES, type Change } from '../data/changes.ts';
import { demoTool } from '../demo-tool.ts';
import { searchRows } from '../search.ts';

const listChanges = demoTool({
  name: 'list_changes',
  description: 'Finds the changes since the last release by words, such as the name of a component.',
  properties: { query: { type: 'string' } },
  answer: ({ query }) => {
    const textOf = ({ text }: Change): string => text;
    return searchRows(CHANGES, String(query), { textOf, limit: 4 }).map((change) => ({ ...change }));
  },
});

const nextVersion = demoTool({
  name: 'next_version',
  description: 'Counts up a version by the rules of Semantic Versioning.',
  properties: {
    text: {
      type: 'string',
      description: 'The last version, such as 2.3.4, with or without words around it.',
    },
    change: { type: 'string', enum: ['minor', 'major', 'patch'] },
  },
  answer: ({ text, change }) => {
    const version = /\d+\.\d+\.\d+/.exec(String(text))?.[0];
    if (version === undefined) throw new Error('The text holds no version. Give one such as 2.3.4.');
    const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
    if (change === 'major') return `${major + 1}.0.0`;
    return change === 'minor' ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`;
  },
});

const historian = new Agent({
  role: 'Historian',
  goal: 'Collect what has changed, and nothing else',
  tools: [listChanges],
});
const editor = new Agent({
  role: 'Editor',
  goal: 'Write notes that users understand',
  backstory: 'You begin with what breaks, then what is new, then what is mended.',
  tools: [nextVersion],
});

export const releaseNotes: Crew = new Crew({
  name: 'release notes',
  agents: [historian, editor],
  tasks: [
    new Task({
      name: 'collect',
      description: '{marker}: list the changes of the {component}.',
      expectedOutput: 'A list with number, kind and text of each change.',
      agent: historian,
    }),
    new Task({
      name: 'write',
      description: '{marker}: write the notes of the release after {version} of the {component}.',
      expectedOutput: 'A heading with the next version, and at most five lines.',
      agent: editor,
    }),
  ],
});
