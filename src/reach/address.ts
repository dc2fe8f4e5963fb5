/**
 * The reach of an address, judged by the address alone.
 *
 * Source: IANA's registries of special-purpose addresses, IPv4 and IPv6, as of 2025-10-09 (RFC 6890, RFC 8190): every row of
 * both. Of two rows that hold an address the narrower counts. A row whose "globally reachable" is not false is public: what
 * the registry does not say cannot be told to be out of reach.
 *
 * @module
 */
import { isWildcard, parseAddress, withoutMapping } from "../model/endpoint.ts";
import type { Reach, Scope } from "../model/socket.ts";

/** A block, the scope of its addresses, and what the block is. */
type Row = readonly [block: string, scope: Scope, what: string];

/** https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast (RFC 5771), which is not in it. */
const IPV4_ROWS: readonly Row[] = [
  ["0.0.0.0/8", "private", "is this network"],
  ["10.0.0.0/8", "private", "is private"],
  ["100.64.0.0/10", "private", "is shared by a carrier"],
  ["127.0.0.0/8", "loopback", "never leaves the host"],
  ["169.254.0.0/16", "link_local", "stays on the link"],
  ["172.16.0.0/12", "private", "is private"],
  ["192.0.0.0/24", "private", "is for protocols"],
  ["192.0.0.0/29", "private", "is for DS-Lite"],
  ["192.0.0.8/32", "private", "is a dummy address"],
  ["192.0.0.9/32", "public", "is anycast of the Port Control Protocol"],
  ["192.0.0.10/32", "public", "is anycast of TURN"],
  ["192.0.0.170/32", "private", "is for the discovery of NAT64"],
  ["192.0.0.171/32", "private", "is for the discovery of NAT64"],
  ["192.0.2.0/24", "private", "is for documentation"],
  ["192.31.196.0/24", "public", "is anycast of AS112"],
  ["192.52.193.0/24", "public", "is anycast of AMT"],
  ["192.88.99.0/24", "public", "was anycast of 6to4"],
  ["192.88.99.2/32", "private", "is anycast of 6a44"],
  ["192.168.0.0/16", "private", "is private"],
  ["192.175.48.0/24", "public", "is anycast of AS112"],
  ["198.18.0.0/15", "private", "is for benchmarks"],
  ["198.51.100.0/24", "private", "is for documentation"],
  ["203.0.113.0/24", "private", "is for documentation"],
  ["224.0.0.0/4", "multicast", "is multicast"],
  ["240.0.0.0/4", "private", "is reserved"],
  ["255.255.255.255/32", "link_local", "is broadcast on the link"],
];

/**
 * https://www.iana.org/assignments/iana-ipv6-special-registry; and what is not in it: multicast (RFC 4291) and site-local
 * (RFC 3879). `::` and mapped addresses are told before this table is asked.
 */
const IPV6_ROWS: readonly Row[] = [
  ["::1/128", "loopback", "never leaves the host"],
  ["64:ff9b::/96", "public", "leads to IPv4 through NAT64"],
  ["64:ff9b:1::/48", "private", "leads to IPv4 through a local NAT64"],
  ["100::/64", "private", "is discarded"],
  ["100:0:0:1::/64", "private", "is a dummy prefix"],
  ["2001::/23", "private", "is for protocols"],
  ["2001::/32", "public", "leads to IPv4 through Teredo"],
  ["2001:1::1/128", "public", "is anycast of the Port Control Protocol"],
  ["2001:1::2/128", "public", "is anycast of TURN"],
  ["2001:1::3/128", "public", "is anycast of DNS-SD"],
  ["2001:2::/48", "private", "is for benchmarks"],
  ["2001:3::/32", "public", "is anycast of AMT"],
  ["2001:4:112::/48", "public", "is anycast of AS112"],
  ["2001:10::/28", "public", "was for ORCHID"],
  ["2001:20::/28", "public", "is for ORCHIDv2"],
  ["2001:30::/28", "public", "is for identifiers of drones"],
  ["2001:db8::/32", "private", "is for documentation"],
  ["2002::/16", "public", "leads to IPv4 through 6to4"],
  ["2620:4f:8000::/48", "public", "is anycast of AS112"],
  ["3fff::/20", "private", "is for documentation"],
  ["5f00::/16", "private", "is for identifiers of segments (SRv6)"],
  ["fc00::/7", "private", "is private"],
  ["fe80::/10", "link_local", "stays on the link"],
  ["fec0::/10", "private", "was site-local"],
  ["ff00::/8", "multicast", "is multicast"],
];

interface Range {
  readonly bytes: Uint8Array;
  /** How many leading bits of `bytes` count. */
  readonly prefix: number;
  readonly reach: Reach;
}

let ipv4Ranges: readonly Range[] | undefined;
let ipv6Ranges: readonly Range[] | undefined;

/** The narrowest first. */
function rangesOf(rows: readonly Row[]): readonly Range[] {
  return rows.map(([block, scope, what]) => {
    const [address, prefix] = block.split("/");
    const bytes = parseAddress(address!)!;
    return { bytes, prefix: Number(prefix), reach: { scope, reasons: [reasonOf(block, what)] } };
  }).sort((a, b) => b.prefix - a.prefix);
}

// A block of one address is called by that address.
function reasonOf(block: string, what: string): string {
  const whole = block.includes(":") ? "/128" : "/32";
  return `${block.endsWith(whole) ? block.slice(0, -whole.length) : block} ${what}`;
}

// A host has few addresses and many sockets.
const cache = new Map<string, Reach>();

/** The reach of an address. */
export function addressReach(address: string): Reach {
  let reach = cache.get(address);
  if (reach === undefined) {
    reach = classify(address);
    cache.set(address, reach);
  }
  return reach;
}

function classify(address: string): Reach {
  if (isWildcard(address)) return { scope: "any", reasons: ["bound to every address of the host"] };
  const bytes = parseAddress(address);
  if (bytes === undefined) return { scope: "unknown", reasons: [`${address} is not an address`] };
  const plain = withoutMapping(bytes);
  if (plain.length === 16) return byRange(plain, ipv6Ranges ??= rangesOf(IPV6_ROWS));
  if (plain !== bytes && plain.every((byte) => byte === 0)) {
    return { scope: "any", reasons: ["bound to every IPv4 address of the host"] };
  }
  return byRange(plain, ipv4Ranges ??= rangesOf(IPV4_ROWS));
}

function byRange(bytes: Uint8Array, ranges: readonly Range[]): Reach {
  return ranges.find((range) => matches(bytes, range))?.reach ??
    { scope: "public", reasons: ["the address is routed globally"] };
}

function matches(bytes: Uint8Array, range: Range): boolean {
  for (let bit = 0; bit < range.prefix; bit += 8) {
    const left = range.prefix - bit;
    const mask = left >= 8 ? 0xff : 0xff << (8 - left) & 0xff;
    if (((bytes[bit / 8]! ^ range.bytes[bit / 8]!) & mask) !== 0) return false;
  }
  return true;
}
