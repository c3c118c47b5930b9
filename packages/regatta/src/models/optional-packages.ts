/**
 * Packages that are not installed with this one: who uses such a provider installs its package.
 *
 * The versions are those that the tests run with.
 */
import { RegattaError } from '../base/errors.ts';

export type OptionalPackage =
  | '@ai-sdk/amazon-bedrock'
  | '@ai-sdk/azure'
  | '@ai-sdk/cohere'
  | '@ai-sdk/google-vertex'
  | 'gpt-tokenizer';

export const OPTIONAL_PACKAGES: Readonly<Record<OptionalPackage, string>> = Object.freeze({
  '@ai-sdk/amazon-bedrock': '5.0.101',
  '@ai-sdk/azure': '4.0.85',
  '@ai-sdk/cohere': '4.0.52',
  '@ai-sdk/google-vertex': '5.0.141',
  'gpt-tokenizer': '4.0.0',
});

/** Whether it is one of them. */
export function isOptional(name: string | null): name is OptionalPackage {
  return name !== null && name in OPTIONAL_PACKAGES;
}

export function installCommand(name: OptionalPackage): string {
  return `npm install ${name}@${OPTIONAL_PACKAGES[name]}`;
}

/**
 * What `loading` gives: an `import('…')` with the name written out, so that bundlers see it.
 *
 * @throws RegattaError `llm/missing-package` if the package is not installed.
 */
export async function orMissing<Module>(
  loading: Promise<Module>,
  { provider, name }: { readonly provider: string; readonly name: OptionalPackage },
): Promise<Module> {
  try {
    return await loading;
  } catch (error) {
    if (!isMissing(error, name)) throw error;
    const command = installCommand(name);
    throw new RegattaError(
      'llm/missing-package',
      `Provider "${provider}" needs the package ${name}, which is not installed. Run: ${command}`,
      { provider, package: name, command },
      { cause: error },
    );
  }
}

/** Whether it is this package that was not found, and not one that it imports. */
export function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  const isNotFound = error.code === 'ERR_MODULE_NOT_FOUND' || error.code === 'MODULE_NOT_FOUND';
  return isNotFound && new RegExp(`['"]${name}(/[^'"]*)?['"]`).test(error.message);
}
