import { defineConfig } from 'vitest/config';

// The condition "@regatta/source" resolves "regatta" to its TypeScript sources, so that tests need no build.
// Processes instead of threads: tests start workers and child processes, and change the working directory.
export default defineConfig({
  ssr: { resolve: { conditions: ['@regatta/source'] } },
  test: {
    include: [
      'packages/**/src/**/*.test.ts',
      'examples/**/*.test.ts',
      'scripts/**/*.test.ts',
      'bench/**/*.test.ts',
      'zoo/**/*.test.ts',
      'stress/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/dist/**'],
    pool: 'forks',
    execArgv: ['--conditions=@regatta/source'],
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
