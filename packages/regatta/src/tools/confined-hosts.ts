/**
 * Hosts of the public net, or the ones that are named: what tools that ask servers are confined to.
 *
 * A name says nothing of where it leads, so addresses are checked as well: those of this machine, of
 * private nets and of the clouds' own services are refused, unless `allow` names them as addresses.
 */
import ipaddr from 'ipaddr.js';
import { RegattaError } from '../base/errors.ts';
import { Problems, show } from '../base/problems.ts';

export interface HostRules {
  /**
   * `example.com`, `*.example.com` (every host below it), an address, or a range such as `10.0.0.0/8`.
   * Only hosts that match are asked; an address or range also allows addresses that are not public.
   *
   * @default every host whose addresses are public
   */
  readonly allow?: readonly string[];
  /** In the same forms; goes before `allow`. @default none */
  readonly deny?: readonly string[];
}

export interface ConfinedHosts {
  /** @throws RegattaError `tool/confined` for another scheme than HTTP, a password, or a host that is not allowed. */
  checkUrl(url: URL): void;
  /** @throws RegattaError `tool/confined` for an address that is not allowed. */
  checkAddress(address: string): void;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

interface Patterns {
  matchesName(name: string): boolean;
  matchesAddress(address: Address): boolean;
}

/** Public by their number, and yet a cloud's own service: Azure's. */
const PLATFORM = ['168.63.129.16'];
/** All that is given out to the public of IPv6: what lies outside has no business on the net. */
const PUBLIC_V6 = ipaddr.parseCIDR('2000::/3');

/** @throws RegattaError `definition/invalid`. */
export function confineToHosts({ allow, deny = [] }: HostRules = {}): ConfinedHosts {
  const problems = new Problems('The rules for hosts');
  const allowed = allow === undefined ? null : toPatterns(allow, 'allow', problems);
  const denied = toPatterns(deny, 'deny', problems);
  problems.throwIfAny();

  const checkAddress = (text: string): void => {
    const address = ipaddr.process(text); // an IPv4 address inside of IPv6 is what it is
    const isAllowed = isPublic(address) || allowed?.matchesAddress(address) === true;
    if (!isAllowed || denied.matchesAddress(address)) throw refused(text);
  };
  return Object.freeze<ConfinedHosts>({
    checkAddress,
    checkUrl({ protocol, username, password, hostname }) {
      if (protocol !== 'http:' && protocol !== 'https:') throw refused(`${protocol}//${hostname}`);
      if (username !== '' || password !== '') throw refused(`a user or password at ${hostname}`);
      const name = nameOf(hostname);
      if (!ipaddr.isValid(name)) {
        if (denied.matchesName(name) || allowed?.matchesName(name) === false) throw refused(name);
        return; // its addresses are checked when they are known
      }
      checkAddress(name);
      if (allowed?.matchesAddress(ipaddr.process(name)) === false) throw refused(name);
    },
  });
}

function isPublic(address: Address): boolean {
  if (address.range() !== 'unicast' || PLATFORM.includes(address.toString())) return false;
  return address.kind() === 'ipv4' || address.match(PUBLIC_V6);
}

/** Without the brackets of an IPv6 address, and the dot that a full name may end in. */
function nameOf(hostname: string): string {
  return hostname
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();
}

function toPatterns(patterns: readonly string[], field: string, problems: Problems): Patterns {
  const names: string[] = [];
  const ranges: [Address, number][] = [];
  for (const [index, pattern] of patterns.entries()) {
    if (typeof pattern === 'string' && ipaddr.isValidCIDR(pattern)) ranges.push(ipaddr.parseCIDR(pattern));
    else if (typeof pattern === 'string' && ipaddr.isValid(nameOf(pattern))) {
      const address = ipaddr.process(nameOf(pattern));
      ranges.push([address, address.kind() === 'ipv4' ? 32 : 128]);
    } else if (typeof pattern === 'string' && /^(\*\.)?[\p{L}\d_-]+(\.[\p{L}\d_-]+)*\.?$/u.test(pattern)) {
      names.push(
        nameOf(new URL(`http://${pattern.replace(/^\*\./, '')}`).hostname).replace(
          /^/,
          pattern.startsWith('*.') ? '.' : '',
        ),
      );
    } else {
      const text = `${field}[${index}] is no host, "*.host", address or range, got ${show(pattern)}. Leave out scheme, port and path.`;
      problems.add(`${field}[${index}]`, pattern, text);
    }
  }
  return {
    matchesName: (name) => names.some((one) => (one.startsWith('.') ? name.endsWith(one) : name === one)),
    matchesAddress: (address) =>
      ranges.some(([range, bits]) => address.kind() === range.kind() && address.match(range, bits)),
  };
}

function refused(value: string): RegattaError {
  return new RegattaError(
    'tool/confined',
    `This tool may not ask ${value}. Ask a public host over http or https, or one that its allow names.`,
    { to: 'hosts', value },
  );
}
