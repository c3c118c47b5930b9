/** Tools that come with the package, by the names under which files may ask for them. */
import type { Tool } from '../../index.ts';

/** Makes the tools of a name for the project in `folder`. */
export type BuiltInTools = Readonly<Record<string, (folder: string) => Promise<readonly Tool[]>>>;

export const BUILT_IN_TOOLS: BuiltInTools = Object.freeze({});

/** Names that are known, and not there yet. */
export const PENDING_TOOLS: ReadonlySet<string> = new Set(['files', 'fetch', 'javascript']);
