/** `regatta create`: a new project, or a new tool in one. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { isRegattaError, listProviders } from '../index.ts';
import { type CrewPlan, crewFiles } from './create/crew-files.ts';
import { checkName, snakeCase } from './create/names.ts';
import { toolFiles } from './create/tool-files.ts';
import { fileExists, writeFiles } from './create/write-files.ts';
import { EXIT_USAGE, formatError } from './failure.ts';
import { badOption } from './inputs.ts';

export interface CreateOptions {
  readonly provider?: string;
  readonly llm?: string;
  readonly ts?: boolean;
  readonly json?: boolean;
}

/** A model of each provider that new projects begin with. Others are named by --llm. */
const MODELS: Readonly<Record<string, string>> = {
  openai: 'openai/gpt-5.4-mini',
  anthropic: 'anthropic/claude-sonnet-5',
  google: 'google/gemini-2.5-flash',
  ollama: 'ollama/llama3.2',
  rehearsal: 'rehearsal',
};
/** The schema package of new projects: the version that this package is tested with. */
const ZOD = '4.6.7';

/** Writes the folder NAME, and gives the exit code. */
export function createCrewCommand(name: string, options: CreateOptions): number {
  return create(options, () => {
    const folder = resolve(checkName(name));
    if (existsSync(folder) && readdirSync(folder).length > 0) throw fileExists(folder);
    const llm = chooseModel(options);
    const provider = listProviders().find((one) => one.name === llm.split('/')[0]);
    const plan: CrewPlan = {
      name,
      llm,
      keyVariable: provider?.needsKey ? provider.keyVariables[0] : undefined,
      isTypeScript: options.ts ?? false,
      versions: { regatta: ownVersion(), zod: ZOD },
    };
    const files = writeFiles(folder, crewFiles(plan));
    const next = [`cd ${name}`, 'npm install', 'npm run rehearse'];
    return { folder, files, next };
  });
}

/** Writes `tools/NAME.ts` and its test into the current folder, and gives the exit code. */
export function createToolCommand(name: string, options: Pick<CreateOptions, 'json'>): number {
  return create(options, () => {
    const folder = resolve();
    const files = writeFiles(folder, toolFiles(checkName(name)));
    const tool = snakeCase(name);
    return {
      folder,
      files,
      next: [`node --test tools/${tool}.test.ts`, `name it in agents.yaml: tools: [${tool}]`],
    };
  });
}

interface Created {
  readonly folder: string;
  readonly files: readonly string[];
  /** What to do now, a line each. */
  readonly next: readonly string[];
}

function create({ json = false }: CreateOptions, work: () => Created): number {
  try {
    const { folder, files, next } = work();
    if (json) process.stdout.write(`${JSON.stringify({ folder, files, next }, null, 2)}\n`);
    else {
      const place = relative('', folder);
      const lines = files.map((file) => `wrote ${place === '' ? '' : `${place}/`}${file}`);
      process.stdout.write(`${[...lines, '', 'next:', ...next.map((line) => `  ${line}`)].join('\n')}\n`);
    }
    return 0;
  } catch (error) {
    if (!isRegattaError(error)) throw error;
    process.stderr.write(`${formatError(error)}\n`);
    return EXIT_USAGE;
  }
}

function chooseModel({ llm, provider = llm?.split('/')[0] ?? 'openai' }: CreateOptions): string {
  const known = listProviders().map(({ name }) => name);
  if (!known.includes(provider)) {
    throw badOption(
      '--provider',
      provider,
      `--provider must be one of ${known.join(', ')}, got "${provider}". Correct it.`,
    );
  }
  const model = llm ?? MODELS[provider];
  if (model !== undefined) return model;
  throw badOption(
    '--provider',
    provider,
    `There is no model of ${provider} that projects begin with. Write --llm ${provider}/MODEL.`,
  );
}

function ownVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version; // npm refuses a package without one
}
