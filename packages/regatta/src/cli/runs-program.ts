/** The commands of the command line that work on a journal. */
import { type Command, Option } from 'commander';
import type { ResumeOptions } from './resume-command.ts';
import type { JournalOption, ListOptions, PruneOptions } from './runs-command.ts';

/** What `--journal` takes. */
export const JOURNAL_TARGET = 'a SQLite file, or postgresql://user@host/database';

/** Ends the process with a command's exit code. */
type Exit = (code: number) => Promise<void>;

const RESUME_HELP = `
The crew is the one that the run names by its ref, or that FILE exports, or the project in the folder
FILE: a run of a project does not say where its files are, so its folder must be given. What is recorded is not done
again: no model is asked for it, no tool is used, and nothing is billed twice.

Examples:
  regatta run crew.ts --input topic=tides --journal runs.db
  regatta runs list --journal runs.db
  regatta resume 0190d2… crew.ts --journal runs.db
  regatta resume 0190d2… reports --journal runs.db
  REGATTA_DATABASE_URL=postgresql://user:password@host/database regatta runs list`;

export function addRunsCommands(program: Command, exit: Exit): void {
  runCommandOf(program.command('resume').description('go on with a run where its process left it'))
    .option('--take-over', 'take the run from whoever holds it')
    .addHelpText('after', RESUME_HELP)
    .action(async (runId: string, file: string | undefined, options: ResumeOptions) => {
      const { resumeCommand } = await import('./resume-command.ts');
      await exit(await resumeCommand({ runId, file }, options));
    });
  const runs = program.command('runs').description('what is in a journal');
  journalOf(runs.command('list').description('list runs, the newest first'))
    .option('--status <status>', 'running, suspended, succeeded, failed or cancelled')
    .option('--name <crew>', 'runs of the crew with this name')
    .option('--limit <n>', 'runs at most (default: 100)')
    .option('--json', 'print JSON')
    .action(async (options: ListOptions) => {
      const { listCommand } = await import('./runs-command.ts');
      await exit(await listCommand(options));
    });
  journalOf(runs.command('show').description('show a run: how it ended, what it waits for, its steps'))
    .argument('<run>', 'its id')
    .option('--json', 'print JSON, with all records')
    .action(async (runId: string, options: JournalOption & { readonly json?: boolean }) => {
      const { showCommand } = await import('./runs-command.ts');
      await exit(await showCommand(runId, options));
    });
  journalOf(runs.command('respond').description('answer what a run asks a person'))
    .argument('<token>', 'of the request')
    .argument('<answer>', 'as JSON, such as \'{"approved":true}\'')
    .action(async (token: string, answer: string, options: JournalOption) => {
      const { respondCommand } = await import('./runs-command.ts');
      await exit(await respondCommand(token, answer, options));
    });
  for (const [name, description, from] of [
    ['fork', 'begin another run with the records of one up to a task or step', '<task or step>'],
    ['replay', 'do a run again from a task on, in a run of its own', '<task>'],
  ] as const) {
    runCommandOf(runs.command(name).description(description))
      .requiredOption(`--from ${from}`, 'where it differs')
      .option('-i, --input <key=value>', 'another input; may be given often', collect)
      .action(async (runId: string, file: string | undefined, options: ResumeOptions) => {
        const { forkCommand } = await import('./resume-command.ts');
        await exit(await forkCommand({ runId, file }, options));
      });
  }
  journalOf(runs.command('remove').description('remove runs that nobody holds'))
    .argument('<runs...>', 'their ids')
    .action(async (runIds: readonly string[], options: JournalOption) => {
      const { removeCommand } = await import('./runs-command.ts');
      await exit(await removeCommand(runIds, options));
    });
  journalOf(runs.command('prune').description('remove runs that have ended'))
    .option('--older-than <time>', 'those that ended longer ago, such as 30m, 12h or 7d')
    .option('--keep <n>', 'keep the newest')
    .action(async (options: PruneOptions) => {
      const { pruneCommand } = await import('./runs-command.ts');
      await exit(await pruneCommand(options));
    });
}

function journalOf(command: Command): Command {
  const option = new Option('--journal <target>', `the journal: ${JOURNAL_TARGET}`);
  return command.addOption(option.env('REGATTA_DATABASE_URL').makeOptionMandatory());
}

/** What commands that go on with recorded runs take. */
function runCommandOf(command: Command): Command {
  return journalOf(command)
    .argument('<run>', 'its id')
    .argument(
      '[file]',
      "the folder of its project, or a module that exports its crew (default: the run's ref)",
    )
    .option('-e, --export <name>', 'the export that is the crew')
    .option('--allow-changes', 'go on although the crew is not the one that was recorded')
    .option('--llm <provider/model>', 'the model of agents and crews that name none')
    .addOption(new Option('--rehearse', 'ask no model: no key, no network').conflicts('llm'))
    .option('--stream', 'ask models for answers in pieces, and show them as they are written')
    .option('--json', 'print one JSON document');
}

export function collect(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value];
}
