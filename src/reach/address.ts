/**
 * The reach of an address, judged by the address alone.
 *
 * Ranges: the IANA special-purpose address registries (RFC 6890 and successors).
 *
 * @module
 */
import { isWildcard, parseAddress, withoutMapping } from "../model/endpoint.ts";
import type { Reach, Scope } from "../model/socket.ts";

interface Range {
  readonly bytes: readonly number[];
  /** How many leading bits of `bytes` count. */
  readonly prefix: number;
  readonly scope: Scope;
  readonly why: string;
}

const IPV4_RANGES: readonly Range[] = [
  { bytes: [127], prefix: 8, scope: "loopback", why: "127.0.0.0/8 never leaves the host" },
  { bytes: [169, 254], prefix: 16, scope: "link_local", why: "169.254.0.0/16 stays on the link" },
  { bytes: [10], prefix: 8, scope: "private", why: "10.0.0.0/8 is private" },
  { bytes: [172, 16], prefix: 12, scope: "private", why: "172.16.0.0/12 is private" },
  { bytes: [192, 168], prefix: 16, scope: "private", why: "192.168.0.0/16 is private" },
  { bytes: [100, 64], prefix: 10, scope: "private", why: "100.64.0.0/10 is shared by a carrier" },
  { bytes: [192, 0, 2], prefix: 24, scope: "private", why: "192.0.2.0/24 is for documentation" },
  {
    bytes: [198, 51, 100],
    prefix: 24,
    scope: "private",
    why: "198.51.100.0/24 is for documentation",
  },
  {
    bytes: [203, 0, 113],
    prefix: 24,
    scope: "private",
    why: "203.0.113.0/24 is for documentation",
  },
  { bytes: [198, 18], prefix: 15, scope: "private", why: "198.18.0.0/15 is for benchmarks" },
  { bytes: [192, 0, 0], prefix: 24, scope: "private", why: "192.0.0.0/24 is for protocols" },
  { bytes: [224], prefix: 4, scope: "multicast", why: "224.0.0.0/4 is multicast" },
  { bytes: [240], prefix: 4, scope: "private", why: "240.0.0.0/4 is reserved" },
];

const IPV6_RANGES: readonly Range[] = [
  {
    bytes: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    prefix: 128,
    scope: "loopback",
    why: "::1 never leaves the host",
  },
  { bytes: [0xfe, 0x80], prefix: 10, scope: "link_local", why: "fe80::/10 stays on the link" },
  { bytes: [0xfc], prefix: 7, scope: "private", why: "fc00::/7 is private" },
  { bytes: [0xff], prefix: 8, scope: "multicast", why: "ff00::/8 is multicast" },
  {
    bytes: [0x20, 0x01, 0x0d, 0xb8],
    prefix: 32,
    scope: "private",
    why: "2001:db8::/32 is for documentation",
  },
  { bytes: [0x3f, 0xff], prefix: 20, scope: "private", why: "3fff::/20 is for documentation" },
];

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
  if (plain.length === 16) return byRange(plain, IPV6_RANGES);
  if (plain !== bytes && plain.every((byte) => byte === 0)) {
    return { scope: "any", reasons: ["bound to every IPv4 address of the host"] };
  }
  return byRange(plain, IPV4_RANGES);
}

function byRange(bytes: Uint8Array, ranges: readonly Range[]): Reach {
  const range = ranges.find((range) => matches(bytes, range));
  return range === undefined
    ? { scope: "public", reasons: ["the address is routed globally"] }
    : { scope: range.scope, reasons: [range.why] };
}

function matches(bytes: Uint8Array, range: Range): boolean {
  for (let bit = 0; bit < range.prefix; bit += 8) {
    const left = range.prefix - bit;
    const mask = left >= 8 ? 0xff : 0xff << (8 - left) & 0xff;
    if (((bytes[bit / 8]! ^ (range.bytes[bit / 8] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}
