import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { LineReporter } from './line-reporter.ts';

// `npm run stress` is the long run, for the night; `--mode short` the same with small volumes, for every change.
// One file after the other: what they measure is not to be each other's load.
export default defineConfig(({ mode }) => ({
  root: fileURLToPath(new URL('../', import.meta.url)),
  ssr: { resolve: { conditions: ['@regatta/source'] } },
  test: {
    include: ['stress/**/*.stress.ts'],
    exclude: ['**/node_modules/**'],
    reporters: [new LineReporter()],
    provide: { volume: mode === 'short' ? 'short' : 'long' },
    pool: 'forks',
    execArgv: ['--conditions=@regatta/source', '--expose-gc'],
    fileParallelism: false,
    testTimeout: 60 * 60_000,
  },
}));
