/** A night of three services, and what their handbook says. Made up for the demonstration. */

export interface LogLine {
  readonly time: string;
  readonly service: string;
  readonly level: 'INFO' | 'WARN' | 'ERROR';
  readonly text: string;
}

export const LOG: readonly LogLine[] = [
  line('00:58:11', 'checkout', 'INFO', 'release 412 is live'),
  line('01:02:40', 'checkout', 'WARN', 'pool of connections at 90 percent'),
  line('01:04:05', 'checkout', 'ERROR', 'pool of connections exhausted, 214 orders wait'),
  line('01:31:52', 'checkout', 'INFO', 'release 411 is live again'),
  line('01:38:05', 'checkout', 'INFO', 'recovered: no order waits'),
  line('02:10:00', 'search', 'INFO', 'nightly index begins'),
  line('02:44:19', 'search', 'WARN', 'disk at 97 percent'),
  line('02:47:30', 'search', 'ERROR', 'index cannot be written: no space left'),
  line('03:29:30', 'search', 'INFO', 'recovered: old segments removed, index is whole'),
  line('04:00:02', 'mail', 'INFO', 'newsletter of 80,000 letters begins'),
  line('04:06:45', 'mail', 'ERROR', 'provider answers 429, queue grows'),
  line('04:09:13', 'mail', 'WARN', 'retry without a pause, 30 requests a second'),
  line('05:01:45', 'mail', 'INFO', 'recovered: rate limited to 5 a second, queue is empty'),
];

export const HANDBOOK: readonly string[] = [
  'checkout: pool exhausted: go back to the last release, then look for queries without a limit',
  'search: no space left: remove old segments, then let the index keep fewer of them',
  'mail: provider answers 429: wait as long as it says, and send at half the rate',
  'any service: tell the people on call after 15 minutes',
];

function line(time: string, service: string, level: LogLine['level'], text: string): LogLine {
  return { time, service, level, text };
}
