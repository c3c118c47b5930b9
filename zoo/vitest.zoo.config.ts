import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../vitest.config.ts';
import { findMutant } from './mutants.ts';
import { patchPlugin } from './vite-patch.ts';

// One mutant of the zoo, named by ZOO_MUTANT, or the clean source. Chance is the same each time, so that a mutant
// that is killed once is killed always.
const { ZOO_MUTANT: id } = process.env;

export default mergeConfig(
  base,
  defineConfig({
    plugins: id ? [patchPlugin(findMutant(id))] : [],
    test: {
      setupFiles: [new URL('seed.setup.ts', import.meta.url).pathname],
      testTimeout: 6000, // a mutant that hangs its test is killed by this
    },
  }),
);
