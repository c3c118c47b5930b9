import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../vitest.config.ts';
import { patchPlugin } from './vite-patch.ts';

// All tests but those of currentRun() itself, which are called `als: …`, with ambient context that is never there:
// nothing of ours may depend on it.
export default mergeConfig(
  base,
  defineConfig({
    plugins: [
      patchPlugin({
        file: 'run/current.ts',
        find: 'holder[KEY] ??= new AsyncLocalStorage<CurrentRun>();',
        replace:
          'holder[KEY] ??= { getStore: () => undefined, run: (_run: unknown, call: () => unknown) => call() } as never;',
      }),
    ],
    test: {
      testNamePattern: /^(?!.*\bals:)/,
      // What they test is in processes and threads of its own, where the patch does not reach.
      exclude: [
        ...['examples', 'scripts', 'bench', 'stress', 'zoo'].map((folder) => `${folder}/**`),
        ...['cli', 'project', 'hosts', 'engines', 'stores'].map(
          (folder) => `packages/regatta/src/${folder}/**`,
        ),
        '**/killed.test.ts',
      ],
    },
  }),
);
