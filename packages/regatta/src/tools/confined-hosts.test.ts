/** Which hosts and addresses may be asked. */
import { expect, test } from 'vitest';
import { confineToHosts, type HostRules } from './confined-hosts.ts';

const may = (url: string, rules?: HostRules): boolean => {
  try {
    confineToHosts(rules).checkUrl(new URL(url));
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'tool/confined', details: { to: 'hosts' } });
    return false;
  }
};

const mayReach = (address: string, rules?: HostRules): boolean => {
  try {
    confineToHosts(rules).checkAddress(address);
    return true;
  } catch {
    return false;
  }
};

test.each([
  ['127.0.0.1', 'loopback'],
  ['127.8.9.1', 'loopback'],
  ['0.0.0.0', 'this host'],
  ['10.0.0.1', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.1.1', 'private'],
  ['169.254.169.254', 'metadata'],
  ['100.64.0.1', 'carrier'],
  ['100.100.100.200', 'metadata'],
  ['192.0.0.192', 'metadata'],
  ['168.63.129.16', 'platform'],
  ['198.18.0.1', 'benchmark'],
  ['192.0.2.1', 'documentation'],
  ['224.0.0.1', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['fe80::1', 'link-local'],
  ['fe80::1%eth0', 'link-local'],
  ['fd00:ec2::254', 'metadata'],
  ['fc00::1', 'private'],
  ['ff02::1', 'multicast'],
  ['::ffff:127.0.0.1', 'mapped'],
  ['::ffff:a9fe:a9fe', 'mapped'],
  ['::127.0.0.1', 'compatible'],
  ['64:ff9b::7f00:1', 'NAT64'],
  ['64:ff9b:1::a00:1', 'NAT64'],
  ['2002:7f00:1::', '6to4'],
  ['2001::7f00:1', 'Teredo'],
  ['fec0::1', 'site-local'],
  ['2001:db8::1', 'documentation'],
  ['4000::1', 'not given out'],
])('%s (%s) is not public', (address) => {
  expect(mayReach(address)).toBe(false);
  const literal = address.includes(':') ? `[${address.replace(/%.*/, '')}]` : address;
  expect(may(`http://${literal}/`)).toBe(false);
});

test.each(['8.8.8.8', '93.184.216.34', '172.32.0.1', '2606:4700:4700::1111', '::ffff:8.8.8.8'])(
  '%s is public',
  (address) => {
    expect(mayReach(address)).toBe(true);
  },
);

test('an address that is written in another way is the same address', () => {
  for (const host of [
    '2130706433',
    '0x7f000001',
    '017700000001',
    '127.1',
    '0',
    '127.0.0.1.',
    '①②⑦.0.0.1',
    '[::ffff:7f00:1]',
  ]) {
    expect(may(`http://${host}/`), host).toBe(false);
  }
});

test('only http and https, and nobody logs in', () => {
  for (const url of [
    'file:///etc/passwd',
    'ftp://example.com/',
    'data:text/plain,hi',
    'http://user@example.com/',
    'http://:secret@example.com/',
  ]) {
    expect(may(url), url).toBe(false);
  }
  expect([may('http://example.com/'), may('https://example.com:8443/')]).toEqual([true, true]);
});

test('allow names hosts, those below one, and addresses; deny goes before it', () => {
  const rules = { allow: ['example.com', '*.Example.org', 'bücher.example'], deny: ['bad.example.org'] };
  const hosts = ['example.com', 'EXAMPLE.com.', 'a.b.example.org', 'xn--bcher-kva.example'];
  const others = [
    'www.example.com',
    'example.org',
    'notexample.org',
    'example.com.evil.test',
    'bad.example.org',
    'bad.example.org.',
    '8.8.8.8',
  ];
  for (const host of hosts) expect(may(`http://${host}/`, rules), host).toBe(true);
  for (const host of others) expect(may(`http://${host}/`, rules), host).toBe(false);
});

test('an address that is not public needs to be named as an address: the name that leads to it is not enough', () => {
  expect(mayReach('10.1.2.3', { allow: ['intranet.example'] })).toBe(false);
  expect(mayReach('10.1.2.3', { allow: ['intranet.example', '10.0.0.0/8'] })).toBe(true);
  expect(mayReach('10.1.2.3', { allow: ['10.0.0.0/8'], deny: ['10.1.2.3'] })).toBe(false);
  expect(mayReach('::ffff:10.1.2.3', { allow: ['10.0.0.0/8'] })).toBe(true);
  expect(mayReach('fd00::1', { allow: ['fd00::/8'] })).toBe(true);
  expect(mayReach('8.8.8.8', { deny: ['8.8.8.0/24'] })).toBe(false);
  expect([
    may('http://127.0.0.1:80/', { allow: ['127.0.0.1'] }),
    may('http://[::1]/', { allow: ['[::1]'] }),
  ]).toEqual([true, true]);
});

test('rules are checked where they are given', () => {
  expect(() => confineToHosts({ allow: ['http://example.com'], deny: ['example.com/path', '*'] })).toThrow(
    /allow\[0\].*\n.*deny\[0\].*\n.*deny\[1\]/,
  );
});
