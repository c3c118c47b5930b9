/** Tools that come with the package, by the names under which files may ask for them. */
import type { Tool } from '../../index.ts';

/** Makes the tools of a name for the project in `folder`. */
export type BuiltInTools = Readonly<Record<string, (folder: string) => Promise<readonly Tool[]>>>;

export const BUILT_IN_TOOLS: BuiltInTools = Object.freeze({
  // A project holds its keys in .env: what begins with a dot is not for models.
  files: async (folder: string) => (await tools()).fileTools({ root: folder, hidden: false }),
  fetch: async () => [(await tools()).fetchTool()],
  javascript: async () => [(await tools()).javascriptTool()],
});

/** Loaded for who asks for them. */
async function tools(): Promise<typeof import('../../tools/index.ts')> {
  return await import('../../tools/index.ts');
}
