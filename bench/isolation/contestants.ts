/** Who is compared, at which versions. They are installed outside of the repository, and never committed. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface Peer {
  readonly title: string;
  /** Folder of its packages, and file in contestants/. */
  readonly folder: string;
  readonly file: string;
  readonly packages: readonly string[];
}

const zod = 'zod@4.6.7';
const openaiAgents = ['@openai/agents@0.20.0', 'openai@7.57.0', zod];

export const PEERS: readonly Peer[] = [
  {
    title: 'OpenAI Agents JS, trace processors',
    folder: 'openai-agents',
    file: 'openai-agents-processors',
    packages: openaiAgents,
  },
  {
    title: 'OpenAI Agents JS, runner events',
    folder: 'openai-agents',
    file: 'openai-agents-runner',
    packages: openaiAgents,
  },
  {
    title: 'LangGraph.js',
    folder: 'langgraph',
    file: 'langgraph',
    packages: ['@langchain/langgraph@1.7.3', '@langchain/openai@1.6.0', '@langchain/core@1.4.0', zod],
  },
  {
    title: 'Mastra',
    folder: 'mastra',
    file: 'mastra',
    packages: ['@mastra/core@1.71.0', '@ai-sdk/openai@4.0.118', zod],
  },
  {
    title: 'VoltAgent',
    folder: 'voltagent',
    file: 'voltagent',
    packages: [
      '@voltagent/core@2.10.0',
      '@voltagent/logger@2.0.2',
      'ai@6.0.326',
      '@ai-sdk/openai@3.0.141',
      zod,
    ],
  },
  { title: 'AI SDK', folder: 'ai', file: 'ai-sdk', packages: ['ai@7.0.173', '@ai-sdk/openai@4.0.118', zod] },
];

/** A folder with peers that are installed already, or one of the system's for temporary files. */
const home = process.env.REGATTA_BENCH_PEERS ?? join(tmpdir(), 'regatta-bench-peers');
const here = fileURLToPath(new URL('contestants/', import.meta.url));

/** URL of the peer's module, beside its packages. Installs them if they are not there. */
export function prepare({ folder, file, packages }: Peer): string {
  const target = join(home, 'deps', 'current', folder);
  if (!existsSync(join(target, 'node_modules'))) {
    mkdirSync(target, { recursive: true });
    writeFileSync(
      join(target, 'package.json'),
      JSON.stringify({ name: folder, private: true, type: 'module' }),
    );
    console.log(`Installs ${packages.join(', ')}`);
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--save-exact', ...packages];
    execFileSync('npm', args, { cwd: target, stdio: 'ignore' });
  }
  const modules = join(target, 'isolation');
  cpSync(here, modules, { recursive: true });
  return pathToFileURL(join(modules, `${file}.mjs`)).href;
}

export const regatta = pathToFileURL(join(here, 'regatta.mjs')).href;
