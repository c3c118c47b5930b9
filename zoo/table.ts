/** docs/zoo.md: which naive code each race would be in ours, and which test sees it. */
import type { Exemption, Mutant, Race, Section } from './mutant.ts';
import { exemptions, mutants, RACES, sections } from './mutants.ts';

export function renderTable(): string {
  const races = new Set(mutants.map(({ race }) => race)).size;
  return `# The bug zoo

After this page you know which races between runs Regatta is tested against, and by what.

A catalogue of ${RACES} races that agent frameworks really had is kept as code: each is put into our source the way it is usually written, and one test must fail then. ${mutants.length} such mutants stand for ${races} races; ${exemptions.length} more cannot occur, or belong to parts that do not exist yet.

\`\`\`sh
npm run zoo                     # every mutant, about two minutes on two cores
npm run zoo -- --only R71       # the mutants of one race
npm run test:no-als             # all tests, with ambient context that is never there
\`\`\`

A mutant replaces text while the source is loaded; no file is written. It counts as killed when the named test fails by what it asserts, or never ends; the same test passes on the clean source. Chance is the same in each run, and schedules are forced by gates, manual clocks and a scheduler, so a mutant that is killed once is killed always. [\`zoo/origin.test.ts\`](../zoo/origin.test.ts) holds the race that Regatta began with, next to the list for the process that has it.

${sections.map(renderSection).join('\n\n')}

## No mutant

A test checks that the sources hold nothing of what each line excludes, and that the parts are not there.

| race | | why |
|---|---|---|
${exemptions.map(renderExemption).join('\n')}
`;
}

function renderSection(section: Section): string {
  return `## ${section.title}

| race | | what the mutant does | the test that kills it |
|---|---|---|---|
${section.mutants.map((mutant) => renderMutant(mutant, section)).join('\n')}`;
}

function renderMutant({ race, title, file, test, name }: Mutant, { races }: Section): string {
  return `| ${race} | ${races[race]} | ${title} (\`${file}\`) | “${name}” in [\`${test}\`](../${test}) |`;
}

function renderExemption({ race, why }: Exemption): string {
  return `| ${race} | ${wordsOf(race)} | ${why} |`;
}

function wordsOf(race: Race): string {
  return sections.map(({ races }) => races[race]).find((words) => words !== undefined) ?? '';
}
