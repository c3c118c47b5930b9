/** The DBOS library, as far as it is used here: it is loaded on first use. */
import { RegattaError } from '../../base/errors.ts';

export type Sdk = Pick<typeof import('@dbos-inc/dbos-sdk'), 'DBOS' | 'DBOSClient'>;

export const SDK_VERSION = '5.3.0';
/** The name of our application in DBOS, and of its workflow. */
export const APPLICATION = 'regatta';
export const WORKFLOW = 'regatta.run';
/** Orders a run when its time has come. */
export const SCHEDULED = 'regatta.order';

/** @throws RegattaError `engine/missing-package` */
export async function loadSdk(): Promise<Sdk> {
  try {
    return await import('@dbos-inc/dbos-sdk');
  } catch (error) {
    const command = `npm install @dbos-inc/dbos-sdk@${SDK_VERSION}`;
    throw new RegattaError(
      'engine/missing-package',
      `The dbos engine needs the package @dbos-inc/dbos-sdk, which is not installed. Run: ${command}`,
      { engine: 'dbos', package: '@dbos-inc/dbos-sdk', command },
      { cause: error },
    );
  }
}

/** DBOS's log, of which people see warnings and errors where they ask for them. */
export function toLogger(log: (line: string) => void): {
  info(): void;
  debug(): void;
  warn(entry: unknown): void;
  error(entry: unknown): void;
} {
  const tell = (entry: unknown): void => log(entry instanceof Error ? entry.message : String(entry));
  return { info: () => undefined, debug: () => undefined, warn: tell, error: tell };
}

/** The tables of DBOS have a schema of their own beside ours. */
export function dbosSchema(schema: string): string {
  return `${schema}_dbos`;
}

/** Rows are of one kind of worker: those whose crews have this version. */
export function versionName(version: string): string {
  return `regatta-1:${version}`;
}
