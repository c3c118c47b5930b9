/** Names of what is created: of folders, files, tools and exports. */
import { badOption } from '../inputs.ts';

const NAME = /^[a-z][a-z0-9_-]{0,60}$/i;

/**
 * @throws RegattaError `cli/bad-option` for what is no name of a file everywhere.
 */
export function checkName(name: string): string {
  if (NAME.test(name)) return name;
  throw badOption(
    'NAME',
    name,
    `NAME must be letters, digits, "-" and "_", beginning with a letter, got "${name}". Write for example harbour-report.`,
  );
}

/** `HarbourReport` and `harbour-report` are `harbour_report`. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

/** `harbour-report` is `harbourReport`. */
export function camelCase(name: string): string {
  return snakeCase(name).replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
