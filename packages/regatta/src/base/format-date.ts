/** Dates by the directives of `strftime`, in any time zone. */

const DIRECTIVE = /%(.)/g;

type Parts = Readonly<Record<string, string>>;

const DIRECTIVES: Readonly<Record<string, (parts: Parts) => string>> = {
  Y: ({ year = '' }) => year,
  m: ({ month = '' }) => month,
  d: ({ day = '' }) => day,
  H: ({ hour = '' }) => hour,
  M: ({ minute = '' }) => minute,
  S: ({ second = '' }) => second,
  A: ({ weekday = '' }) => weekday,
  a: ({ weekday = '' }) => weekday.slice(0, 3),
  B: ({ monthName = '' }) => monthName,
  b: ({ monthName = '' }) => monthName.slice(0, 3),
  '%': () => '%',
};

export const DATE_DIRECTIVES: readonly string[] = Object.keys(DIRECTIVES).map((name) => `%${name}`);

/** The first directive in `format` that is none; undefined when all are. */
export function unknownDirective(format: string): string | undefined {
  for (const [whole, name] of format.matchAll(DIRECTIVE))
    if (!Object.hasOwn(DIRECTIVES, name as string)) return whole; // the group always matches
  return /%$/.test(format.replace(DIRECTIVE, '')) ? '%' : undefined;
}

export function isTimeZone(timeZone: unknown): boolean {
  if (typeof timeZone !== 'string') return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone });
    return true;
  } catch {
    return false; // RangeError: that is the answer
  }
}

/** `timeMs` is milliseconds since the epoch, `timeZone` an IANA name such as `Europe/Berlin`. Names are English. */
export function formatDate(timeMs: number, format: string, timeZone: string): string {
  const numbers = { year: 'numeric', month: '2-digit', day: '2-digit', weekday: 'long' } as const;
  const time = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  const formatter = new Intl.DateTimeFormat('en-US', { timeZone, ...numbers, ...time });
  const entries = formatter.formatToParts(timeMs).map(({ type, value }) => [type, value] as const);
  const monthName = new Intl.DateTimeFormat('en-US', { timeZone, month: 'long' }).format(timeMs);
  const parts: Parts = { ...Object.fromEntries(entries), monthName };
  return format.replace(DIRECTIVE, (whole, name: string) => DIRECTIVES[name]?.(parts) ?? whole);
}
