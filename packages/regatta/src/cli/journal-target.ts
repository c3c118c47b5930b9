/** The journal that `--journal` names: a SQLite file, or a PostgreSQL database by its connection string. */
import { type Journal, sqliteJournal } from '../index.ts';
import type { PostgresOptions } from '../stores/postgres.ts';
import { badOption } from './inputs.ts';

/** @throws RegattaError `cli/bad-option`, `definition/invalid` */
export async function openJournal(target: string): Promise<Journal & AsyncDisposable> {
  const options = databaseOf(target);
  if (options === undefined) return sqliteJournal({ path: target });
  const { postgresJournal } = await import('../stores/postgres.ts');
  return postgresJournal(options);
}

/**
 * The database that is meant, with the schema that its `schema` parameter names; undefined = a file is meant.
 *
 * @throws RegattaError `cli/bad-option`
 */
export function databaseOf(target: string): PostgresOptions | undefined {
  if (!isConnectionString(target)) return undefined;
  const url = parse(target);
  if (url === undefined) {
    const message =
      '--journal is a connection string that cannot be read. Write it as postgresql://HOST:PORT/DATABASE with USER:PASSWORD@ before HOST, and other characters than letters and digits in USER and PASSWORD as %40.';
    throw badOption('--journal', journalName(target), message);
  }
  const schema = url.searchParams.get('schema');
  return { connectionString: target, ...(schema === null ? {} : { schema }) };
}

/** As it may be printed: never with a password, nor with parameters, which may be one. */
export function journalName(target: string): string {
  if (!isConnectionString(target)) return target;
  const url = parse(target);
  if (url === undefined) return 'postgresql://…';
  const user = url.username === '' ? '' : `${url.username}@`;
  return `${url.protocol}//${user}${url.host}${url.pathname}`;
}

function isConnectionString(target: string): boolean {
  return /^postgres(?:ql)?:\/\//i.test(target);
}

/** Undefined where a part of the password may be in another one: it has a `/`, `?` or `#` that is not encoded. */
function parse(target: string): URL | undefined {
  const url = URL.parse(target);
  return url === null || `${url.pathname}${url.search}${url.hash}`.includes('@') ? undefined : url;
}
