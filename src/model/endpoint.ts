/**
 * Internet addresses: parse, format, compare. Addresses are text here; on the wire they are bytes.
 *
 * @module
 */
import { IPV6_MAX, putIpv6 } from "../text/digits.ts";
import { latin1Text } from "../text/encoding.ts";

/** An IPv4 address in dotted form from a big-endian word. */
export function formatIpv4(word: number): string {
  return `${word >>> 24}.${word >>> 16 & 255}.${word >>> 8 & 255}.${word & 255}`;
}

/**
 * An IPv6 address from four big-endian words, in the canonical form of RFC 5952: lower case, the longest run of two
 * or more zero groups shortened (the first of equals), IPv4 in dotted form when mapped (`::ffff:a.b.c.d`) or compatible.
 */
export function formatIpv6(a: number, b: number, c: number, d: number): string {
  scratch ??= new Uint8Array(IPV6_MAX);
  return latin1Text(scratch, 0, putIpv6(scratch, 0, a, b, c, d));
}

let scratch: Uint8Array | undefined;

/** An address of 4 or 16 bytes, as {@linkcode parseAddress} gives them, in its usual text form. */
export function formatAddress(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return bytes.length === 4
    ? formatIpv4(view.getUint32(0))
    : formatIpv6(view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12));
}

/**
 * The bytes of an address: 4 for IPv4, 16 for IPv6. `undefined` when the text is not an address. No octal, no short
 * forms: an address that two programs read differently is not one.
 */
export function parseAddress(text: string): Uint8Array | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/**
 * What stands before and after the `%` in `fe80::1%eth0` and `127.0.0.53%lo`: an address, and the name or the index of an
 * interface; `null` without a `%`. Neither is checked.
 */
export function splitZone(text: string): { readonly host: string; readonly zone: string | null } {
  const percent = text.indexOf("%");
  return percent < 0
    ? { host: text, zone: null }
    : { host: text.slice(0, percent), zone: text.slice(percent + 1) };
}

/**
 * Reads one to four numbers as inet_aton(3) does: the last one fills the remaining bytes, so `127.1` is 127.0.0.1, and a
 * leading zero means octal. Only digits and dots. `undefined` for other text. For the languages of other tools alone.
 */
export function inetAton(text: string): Uint8Array | undefined {
  const words = text.split(".");
  if (words.length > 4 || !words.every((word) => /^(0[0-7]*|[1-9]\d*)$/.test(word))) {
    return undefined;
  }
  const numbers = words.map((word) => parseInt(word, word.startsWith("0") ? 8 : 10));
  const last = numbers.pop()!;
  if (numbers.some((number) => number > 255) || last >= 256 ** (4 - numbers.length)) {
    return undefined;
  }
  const bytes = Uint8Array.from([24, 16, 8, 0], (shift) => last / 2 ** shift & 255);
  bytes.set(numbers);
  return bytes;
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const part = parts[i]!;
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    bytes[i] = Number(part);
  }
  return bytes;
}

function parseIpv6(text: string): Uint8Array | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  // IPv4 in dotted form may stand at the very end only.
  const groupsOf = (half: string, last: boolean): number[] | undefined => {
    if (half === "") return [];
    const groups: number[] = [];
    const parts = half.split(":");
    for (const [i, part] of parts.entries()) {
      if (part.includes(".")) {
        const v4 = last && i === parts.length - 1 ? parseIpv4(part) : undefined;
        if (v4 === undefined) return undefined;
        groups.push(v4[0]! << 8 | v4[1]!, v4[2]! << 8 | v4[3]!);
      } else {
        if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
        groups.push(parseInt(part, 16));
      }
    }
    return groups;
  };
  const head = groupsOf(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1]!, true) : [];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const bytes = new Uint8Array(16);
  for (const [i, group] of groups.entries()) {
    bytes[2 * i] = group >>> 8;
    bytes[2 * i + 1] = group & 255;
  }
  return bytes;
}

/**
 * True when the first three big-endian words of an IPv6 address say that an IPv4 address is mapped into it: ::ffff:0:0/96
 * (RFC 4291, 2.5.5.2).
 */
export function isMapped(a: number, b: number, c: number): boolean {
  return c === 0xffff && a === 0 && b === 0;
}

/** The bytes of an address, those of the IPv4 address where one is mapped into IPv6. */
export function withoutMapping(address: Uint8Array): Uint8Array {
  if (address.length !== 16) return address;
  const view = new DataView(address.buffer, address.byteOffset);
  return isMapped(view.getUint32(0), view.getUint32(4), view.getUint32(8))
    ? address.subarray(12)
    : address;
}

/** `a.b.c.d` for `::ffff:a.b.c.d`, which is how {@linkcode formatIpv6} writes a mapped address; `null` for another. */
export function mappedIpv4(address: string): string | null {
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : null;
}

/** True for `0.0.0.0` and `::`: every address of the host. */
export function isWildcard(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}
