/** Who makes the call. */
import { AI_SDK, type Entry } from '../installed.ts';

const at = (file: string): URL => new URL(`contestants/${file}`, import.meta.url);

export const ENTRIES: readonly Entry[] = [
  { name: 'raw', source: at('raw.ts'), packages: [] },
  { name: 'codec', source: at('codec.ts'), packages: [] },
  { name: 'regatta', source: at('regatta.ts'), packages: [] },
  { name: 'generateText', source: at('generate-text.mjs'), packages: AI_SDK },
  { name: 'openai', source: at('openai.mjs'), packages: ['openai@7.57.0'] },
];
