import { expect, it } from 'vitest';
import { toFinishReason } from './finish-reason.ts';

it.each([
  ['stop', 'stop'],
  ['length', 'length'],
  ['tool-calls', 'tool-calls'],
  ['content-filter', 'content-filter'],
  ['error', 'error'],
  ['other', null],
  ['unknown', null],
] as const)('version 2 says %s, we say %s', (reason, ours) => {
  expect(toFinishReason(reason)).toBe(ours);
});

it.each([
  [{ unified: 'stop', raw: 'end_turn' }, 'stop'],
  [{ unified: 'tool-calls', raw: 'tool_use' }, 'tool-calls'],
  [{ unified: 'stop', raw: 'pause_turn' }, 'pause'],
  [{ unified: 'other', raw: undefined }, null],
  [{ unified: 'other', raw: 'LANGUAGE' }, null],
  [{ unified: 'interrupted', raw: undefined }, null],
] as const)('versions 3 and 4 say %o, we say %s', (reason, ours) => {
  expect(toFinishReason(reason)).toBe(ours);
});
