#!/usr/bin/env node
/**
 * The command line. It reads the arguments; each command's own code is loaded when it is called, so
 * that `--help` and `--version` answer at once.
 */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { addProjectCommands } from './project-commands.ts';
import type { RunOptions } from './run-command.ts';
import { addRunsCommands, collect, JOURNAL_TARGET } from './runs-program.ts';
import { hidePasswords } from './text.ts';
import type { WorkerCommandOptions } from './worker-command.ts';

const EXIT_CRASHED = 70;
const EXIT_USAGE = 2;
/** 128 + SIGPIPE: whoever read our output has gone. */
const EXIT_PIPE = 141;

const EXAMPLES = `
Examples:
  regatta demo                                         see twelve runs at once, without a key
  regatta create crew reports                          a new project
  regatta run reports --input topic=tides              one run of it
  regatta run crew.ts --input topic=tides              one run of a crew in TypeScript
  regatta run crew.ts --inputs all.json --concurrency 20 --json > out.json
  regatta run crew.ts --rehearse                       no key, no network, no model`;

const RUN_HELP = `
FILE is the folder of a project, with agents.yaml and tasks.yaml, or its crew file; the .env beside
them is read, and what the shell has set wins. Or FILE exports a Crew: as default, as its only export that is one, or as --export says. TypeScript
needs no build: Node strips the types. So it takes erasable syntax only: no enums, no namespaces
with values, no parameter properties; imports of TypeScript files end with .ts.

Values of --input are JSON where they are numbers, true, false, objects or arrays, else text:
  --input topic=tides --input days=3 --input 'tags=["sea","moon"]'

Results go to stdout, progress goes to stderr. Exit codes: 0 all runs succeeded, 1 a run failed,
2 the command was wrong, 3 a run waits for a person, 130 interrupted. Ctrl-C cancels the runs and prints what there is.

Examples:
  regatta run crew.ts --input topic=tides --llm openai/gpt-5.4-mini
  regatta run crews.ts --export research --inputs topics.json --concurrency 20
  regatta run crew.ts --rehearse --json`;

function createProgram(): Command {
  const program = new Command('regatta')
    .description('Crews of LLM agents: any number of runs at once, none of which sees another.')
    .version(readVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('after', EXAMPLES)
    .configureOutput({
      outputError: (text, write) => write(hidePasswords(text.replace(/^error: /, 'error cli/bad-option: '))),
    })
    .showHelpAfterError('Run it with --help to see what it takes.')
    .exitOverride();
  program
    .command('run')
    .description('run the crew of a project, or that a module exports')
    .argument('[file]', 'a project: a folder or its crew file; or a .ts, .mts, .js or .mjs module', '.')
    .option('-e, --export <name>', 'the export that is the crew')
    .option('-i, --input <key=value>', 'an input of the crew; may be given often', collect)
    .option('--inputs <file.json>', 'an object of inputs, or an array of objects for one run each')
    .option('-c, --concurrency <n>', 'runs at once (default: 10)')
    .option('--llm <provider/model>', 'the model of agents and crews that name none')
    .addOption(new Option('--rehearse', 'ask no model: no key, no network').conflicts('llm'))
    .addOption(new Option('--record <file>', 'keep what models answer').conflicts(['replay', 'rehearse']))
    .addOption(new Option('--replay <file>', 'play what was kept: no key, no network').conflicts('rehearse'))
    .option('--journal <target>', `record the run, so that it can be resumed: in ${JOURNAL_TARGET}`)
    .option('--stream', 'ask models for answers in pieces, and show them as they are written')
    .option('--json', 'print one JSON document')
    .addHelpText('after', RUN_HELP)
    .action(async (file: string, options: RunOptions) => {
      const { runCommand } = await import('./run-command.ts');
      await exit(await runCommand(file, options));
    });
  program
    .command('demo')
    .description('run twelve crews at once and count what each callback heard')
    .option('--llm <provider/model>', 'the model to ask (default: REGATTA_LLM, else none is asked)')
    .action(async (options: { readonly llm?: string }) => {
      const { demoCommand } = await import('./demo/demo-command.ts');
      await exit(await demoCommand(options));
    });
  addRunsCommands(program, exit);
  addProjectCommands(program, { collect, exit });
  program
    .command('worker')
    .description('take runs out of queues in PostgreSQL and do them, until SIGTERM or Ctrl-C')
    .option('--database <url>', 'connection string (default: REGATTA_DATABASE_URL)')
    .option(
      '-m, --module <name=path>',
      'the module of a crew, by the name of its ref; may be given often',
      collect,
    )
    .option('-q, --queue <name>', 'a queue to take runs from; may be given often (default: default)', collect)
    .option('-c, --concurrency <n>', 'runs of each of these queues at once on one worker (default: 10)')
    .option('--release <version>', 'take only runs of crews whose ref has this version')
    .option('--schema <name>', 'the schema of the tables (default: regatta)')
    .option('--failover-ms <n>', "milliseconds from a worker's death to its runs going on (default: 15000)")
    .option('--drain-ms <n>', 'milliseconds for runs under way to end at SIGTERM (default: 30000)')
    .option('--port <n>', 'answer GET /health and GET /metrics')
    .action(async (options: WorkerCommandOptions) => {
      const { workerCommand } = await import('./worker-command.ts');
      await exit(await workerCommand(options));
    });
  return program;
}

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version; // npm refuses a package without one
}

/** Ends the process when all is written: a crew's module may hold sockets and timers that never end. */
async function exit(code: number): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map(
      (stream) => new Promise<void>((done) => stream.write('', () => done())),
    ),
  );
  process.exit(code);
}

function fail(error: unknown): void {
  if (error instanceof CommanderError) {
    const isAnswer = ['commander.helpDisplayed', 'commander.help', 'commander.version'].includes(error.code);
    process.exitCode = isAnswer && error.exitCode === 0 ? 0 : EXIT_USAGE;
    return;
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = EXIT_CRASHED;
}

for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(EXIT_PIPE);
    throw error;
  });
}

await createProgram().parseAsync().catch(fail);
