/** Who does the job. */
import { AI_SDK, type Entry } from './installed.ts';
import { BASE, SUBJECT } from './report.ts';

const at = (file: string): URL => new URL(`contestants/${file}`, import.meta.url);

export const CONTESTANTS: readonly Entry[] = [
  { name: BASE, source: at('loop.ts'), packages: [] },
  { name: 'loop-fetch', source: at('loop-fetch.ts'), packages: [] },
  { name: 'codec', source: at('codec.ts'), packages: [] },
  { name: 'ai-sdk', source: at('ai-sdk.mjs'), packages: AI_SDK },
  { name: SUBJECT, source: at('regatta.ts'), packages: [] },
];
