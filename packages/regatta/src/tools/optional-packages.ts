/** Packages that are not installed with this one: who uses such a tool installs them. The versions are those of the tests. */
import { RegattaError } from '../base/errors.ts';

const VERSIONS = {
  '@mozilla/readability': '0.6.0',
  linkedom: '0.18.15',
  parse5: '8.0.1',
  'quickjs-emscripten': '0.32.0',
  turndown: '7.2.5',
} as const;

export type OptionalPackage = keyof typeof VERSIONS;

/**
 * What `loading` gives: imports with their names written out, so that bundlers see them.
 *
 * @throws RegattaError `tool/missing-package` if one of `names` is not installed.
 */
export async function orMissing<Modules>(
  loading: Promise<Modules>,
  { tool, names }: { readonly tool: string; readonly names: readonly OptionalPackage[] },
): Promise<Modules> {
  try {
    return await loading;
  } catch (error) {
    const missing = names.find((name) => isMissing(error, name));
    if (missing === undefined) throw error;
    const command = `npm install ${names.map((name) => `${name}@${VERSIONS[name]}`).join(' ')}`;
    throw new RegattaError(
      'tool/missing-package',
      `Tool "${tool}" needs the package ${missing}, which is not installed. Run: ${command}`,
      { tool, package: missing, command },
      { cause: error },
    );
  }
}

/** Whether it is this package that was not found, and not one that it imports. */
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  const isNotFound = error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND';
  return isNotFound && error.message.includes(`'${name}'`);
}
