/** The commands of projects: what they take, and how they are called. Their code is loaded when it is. */
import { Argument, type Command, Option } from 'commander';
import type { ChatOptions } from './chat/chat-command.ts';
import type { CreateOptions } from './create-command.ts';
import { JOURNAL_TARGET } from './runs-program.ts';
import type { TaskOutputsOptions } from './task-outputs-command.ts';
import type { TestOptions, TrainOptions } from './train-command.ts';

export interface CommandHelpers {
  /** Gathers an option that may be given often. */
  readonly collect: (value: string, earlier?: readonly string[]) => readonly string[];
  /** Ends the process when all is written. */
  readonly exit: (code: number) => Promise<void>;
}

const TARGET = 'a folder with agents.yaml and tasks.yaml, a crew file, or a module';

export function addProjectCommands(program: Command, { collect, exit }: CommandHelpers): void {
  const create = program.command('create').description('make a new project, or a new tool in one');
  create
    .command('crew')
    .description('write a folder with a crew that runs at once')
    .argument('<name>', 'the folder to make')
    .option('--provider <name>', 'whose model it uses: openai, anthropic, google, ollama, …')
    .option('--llm <provider/model>', 'the model itself')
    .addOption(new Option('--yaml', 'agents and tasks as YAML (default)').conflicts('ts'))
    .addOption(new Option('--ts', 'the crew in TypeScript'))
    .option('--json', 'print one JSON document')
    .action(async (name: string, options: CreateOptions) => {
      const { createCrewCommand } = await import('./create-command.ts');
      await exit(createCrewCommand(name, options));
    });
  create
    .command('tool')
    .description('write tools/NAME.ts and its test into this folder')
    .argument('<name>', 'what the tool is called')
    .option('--json', 'print one JSON document')
    .action(async (name: string, options: CreateOptions) => {
      const { createToolCommand } = await import('./create-command.ts');
      await exit(createToolCommand(name, options));
    });
  program
    .command('schema')
    .description('print the JSON Schema of a file of projects')
    .addArgument(new Argument('[file]', 'which file').choices(['agents', 'tasks', 'crew']).default('crew'))
    .option('--json', 'as it is: the schema is JSON')
    .action(async (name: 'agents' | 'tasks' | 'crew') => {
      const { schemaCommand } = await import('./schema-command.ts');
      await exit(schemaCommand(name));
    });
  repeated(
    program.command('train').description('run a crew while you remark on it, and keep what it learns'),
    collect,
  )
    .option('-n, --iterations <n>', 'how often (default: 5)')
    .option('-f, --file <file>', 'where it is kept (default: trained.json)')
    .action(async (path: string, options: TrainOptions) => {
      const { trainCommand } = await import('./train-command.ts');
      await exit(await trainCommand(path, options));
    });
  repeated(program.command('test').description('run a crew while a model marks it'), collect)
    .option('-n, --iterations <n>', 'how often (default: 3)')
    .option('-m, --judge <provider/model>', 'the model that marks')
    .action(async (path: string, options: TestOptions) => {
      const { testCommand } = await import('./train-command.ts');
      await exit(await testCommand(path, options));
    });
  program
    .command('chat')
    .description('talk with an agent that has the crew as its tool')
    .argument('[target]', TARGET, '.')
    .option('-e, --export <name>', 'the export of a module that is the crew')
    .option('-i, --input <key=value>', 'an input of the crew that need not be asked for', collect)
    .option('--llm <provider/model>', 'the model that talks')
    .addOption(new Option('--rehearse', 'ask no model: no key, no network').conflicts('llm'))
    .option('--json', 'print a line of JSON for each message')
    .action(async (path: string, options: ChatOptions) => {
      const { chatCommand } = await import('./chat/chat-command.ts');
      await exit(await chatCommand(path, options));
    });
  program
    .command('log-tasks-outputs')
    .description('print what the tasks of a run gave')
    .argument('[run]', 'its id (default: the last one)')
    .option('--journal <target>', `the journal: ${JOURNAL_TARGET} (default: REGATTA_DATABASE_URL)`)
    .addOption(new Option('--events <file>', 'what jsonlSink wrote').conflicts('journal'))
    .option('--run <id>', 'as the argument')
    .option('--json', 'print one JSON document')
    .action(async (run: string | undefined, options: TaskOutputsOptions) => {
      const { taskOutputsCommand } = await import('./task-outputs-command.ts');
      await exit(await taskOutputsCommand(run === undefined ? options : { ...options, run }));
    });
}

function repeated(command: Command, collect: CommandHelpers['collect']): Command {
  return command
    .argument('[target]', TARGET, '.')
    .option('-e, --export <name>', 'the export of a module that is the crew')
    .option('-i, --input <key=value>', 'an input of the crew; may be given often', collect)
    .option('--inputs <file.json>', 'an object of inputs')
    .option('--llm <provider/model>', 'the model of agents and crews that name none')
    .addOption(new Option('--rehearse', 'ask no model: no key, no network').conflicts('llm'))
    .option('--json', 'print one JSON document');
}
