/**
 * Prefixes: addresses of which only the first bits count. From text and back.
 *
 * @module
 */
import { formatIpv4, formatIpv6, parseAddress } from "../model/endpoint.ts";
import type { Prefix } from "./ast.ts";
import { AF_INET, AF_INET6 } from "../model/address_family.ts";

/** A prefix from the bytes of an address: 4 for IPv4, 16 for IPv6. Without a length all of them count. */
export function prefixOf(bytes: Uint8Array, length = bytes.length * 8): Prefix {
  const word = (i: number) =>
    4 * i < bytes.length
      ? (bytes[4 * i]! << 24 | bytes[4 * i + 1]! << 16 | bytes[4 * i + 2]! << 8 |
        bytes[4 * i + 3]!) >>> 0
      : 0;
  return {
    family: bytes.length === 4 ? AF_INET : AF_INET6,
    words: [word(0), word(1), word(2), word(3)],
    length,
  };
}

/** The bytes of the address: 16 for IPv6, 4 for all others. */
export function prefixBytes(prefix: Prefix): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(prefix.family === AF_INET6 ? 16 : 4);
  const view = new DataView(bytes.buffer);
  for (let i = 0; 4 * i < bytes.length; i++) view.setUint32(4 * i, prefix.words[i]!);
  return bytes;
}

/**
 * Reads `10.0.0.1`, `10.0.0.0/8`, `10/8`, `fe80::/10`. Bits beyond the length are cleared. `undefined` for anything
 * else: octets in octal, and short IPv4 addresses without a length.
 */
export function parsePrefix(text: string): Prefix | undefined {
  const [, address = "", lengthText] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  let bytes = parseAddress(address);
  if (bytes === undefined && lengthText !== undefined && /^\d+(\.\d+){0,2}$/.test(address)) {
    bytes = parseAddress(address + ".0".repeat(4 - address.split(".").length));
  }
  if (bytes === undefined) return undefined;
  const length = lengthText === undefined ? bytes.length * 8 : Number(lengthText);
  if (length > bytes.length * 8) return undefined;
  const prefix = prefixOf(bytes, length);
  const [a, b, c, d] = prefix.words;
  return {
    ...prefix,
    words: [
      masked(a, length),
      masked(b, length - 32),
      masked(c, length - 64),
      masked(d, length - 96),
    ],
  };
}

function masked(word: number, bits: number): number {
  return (word & wordMask(bits)) >>> 0;
}

/** A word with the first `bits` bits set: all of them from 32 on, none for 0 or less. */
export function wordMask(bits: number): number {
  return bits >= 32 ? -1 : bits <= 0 ? 0 : -1 << (32 - bits);
}

/** The prefix as it is written, without a length where all bits count. */
export function formatPrefix({ family, words, length }: Prefix): string {
  const v6 = family === AF_INET6;
  const address = v6 ? formatIpv6(...words) : formatIpv4(words[0]);
  return length === (v6 ? 128 : 32) ? address : `${address}/${length}`;
}
