/**
 * Digits: numbers and addresses as ASCII bytes. Every number that goes out as bytes gets its digits here.
 *
 * Each function writes at an index and returns the index behind what it wrote; the caller has made room. They are small,
 * because most runs end before a large function is compiled.
 *
 * @module
 */

const ZERO = 0x30;
const DOT = 0x2e;
const COLON = 0x3a;
const BILLION = 1_000_000_000;
const INT32_MAX = 0x7fff_ffff;
/** Distance from the digit 9 to the letter a, less one. */
const TO_LETTERS = 0x27;

/** Bytes of the longest number that {@linkcode putDecimal} and {@linkcode putHex} write. */
export const NUMBER_MAX = 16;
/** Bytes of the longest IPv4 address. */
export const IPV4_MAX = 15;
/** Bytes of the longest IPv6 address, without brackets. */
export const IPV6_MAX = 39;

/** How many digits a whole number has that is not negative. */
export function decimalLength(value: number): number {
  if (value < 10_000) return value < 100 ? value < 10 ? 1 : 2 : value < 1000 ? 3 : 4;
  if (value < 100_000_000) {
    return value < 1_000_000 ? value < 100_000 ? 5 : 6 : value < 10_000_000 ? 7 : 8;
  }
  let digits = 9;
  for (let limit = BILLION; value >= limit; limit *= 10) digits++;
  return digits;
}

/** The last `count` digits of a number below 2^31, zeros in front included. */
export function putDigits(bytes: Uint8Array, at: number, value: number, count: number): number {
  const end = at + count;
  for (let i = end - 1; i >= at; i--) {
    const rest = value / 10 | 0;
    bytes[i] = ZERO + value - rest * 10;
    value = rest;
  }
  return end;
}

/** A whole number from 0 to 2^53 - 1 in decimal. */
export function putDecimal(bytes: Uint8Array, at: number, value: number): number {
  if (value < 10) {
    bytes[at] = ZERO + value;
    return at + 1;
  }
  if (value > INT32_MAX) return putLarge(bytes, at, value);
  const end = at + decimalLength(value);
  let i = end;
  let small = value | 0;
  do {
    const rest = small / 10 | 0;
    bytes[--i] = ZERO + small - rest * 10;
    small = rest;
  } while (small > 0);
  return end;
}

// Two halves that fit into 32 bits; the upper one has seven digits at most.
function putLarge(bytes: Uint8Array, at: number, value: number): number {
  const upper = Math.floor(value / BILLION);
  return putDigits(bytes, putDecimal(bytes, at, upper), value - upper * BILLION, 9);
}

/** A whole number from 0 to 2^53 - 1 in lower-case hexadecimal, without `0x`. */
export function putHex(bytes: Uint8Array, at: number, value: number): number {
  if (value > 0xffff_ffff) {
    at = putHex(bytes, at, Math.floor(value / 0x1_0000_0000));
    return putHexDigits(bytes, at, value % 0x1_0000_0000 | 0, 8);
  }
  const word = value | 0;
  return putHexDigits(bytes, at, word, Math.max(1, 8 - (Math.clz32(word) >>> 2)));
}

function putHexDigits(bytes: Uint8Array, at: number, word: number, count: number): number {
  for (let shift = 4 * count - 4; shift >= 0; shift -= 4) {
    const digit = word >>> shift & 15;
    bytes[at++] = digit < 10 ? ZERO + digit : ZERO + TO_LETTERS + digit;
  }
  return at;
}

/** How many bytes {@linkcode putIpv4} writes. */
export function ipv4Length(word: number): number {
  return 3 + decimalLength(word >>> 24) + decimalLength(word >>> 16 & 255) +
    decimalLength(word >>> 8 & 255) + decimalLength(word & 255);
}

/** An IPv4 address in dotted form, from a big-endian word. */
export function putIpv4(bytes: Uint8Array, at: number, word: number): number {
  const end = at + ipv4Length(word);
  putIpv4Before(bytes, end, word);
  return end;
}

/** As {@linkcode putIpv4}, but ends before `end`. Returns where it begins. */
export function putIpv4Before(bytes: Uint8Array, end: number, word: number): number {
  for (let octets = 0; octets < 4; octets++) {
    if (octets > 0) bytes[--end] = DOT;
    let octet = word & 255;
    do {
      const rest = octet / 10 | 0;
      bytes[--end] = ZERO + octet - rest * 10;
      octet = rest;
    } while (octet > 0);
    word >>>= 8;
  }
  return end;
}

/**
 * An IPv6 address from four big-endian words, as inet_ntop(3) writes it: RFC 5952, with a dotted end where the address is a
 * mapped or compatible IPv4 address.
 */
export function putIpv6(
  bytes: Uint8Array,
  at: number,
  a: number,
  b: number,
  c: number,
  d: number,
): number {
  // inet_ntop writes ::a.b.c.d for a compatible address, but not for :: and the small ones such as ::1.
  const dotted = a === 0 && b === 0 && (c >>> 0 === 0xffff || c === 0 && d >>> 16 !== 0);
  const count = dotted ? 6 : 8;
  const group = (i: number) =>
    (i < 2 ? a : i < 4 ? b : i < 6 ? c : d) >>> ((i & 1) === 0 ? 16 : 0) & 0xffff;
  // The longest run of zero groups, the first of several, of two groups at least.
  let zeros = -1;
  let zerosEnd = -1;
  let longest = 1;
  for (let i = 0; i < count; i++) {
    let end = i;
    while (end < count && group(end) === 0) end++;
    if (end - i > longest) {
      longest = end - i;
      zeros = i;
      zerosEnd = end;
    }
    if (end > i) i = end;
  }
  for (let i = 0; i < count; i++) {
    if (i === zeros) {
      bytes[at++] = COLON;
      bytes[at++] = COLON;
      i = zerosEnd - 1;
      continue;
    }
    if (i > 0 && i !== zerosEnd) bytes[at++] = COLON;
    at = putHex(bytes, at, group(i));
  }
  if (!dotted) return at;
  if (count !== zerosEnd) bytes[at++] = COLON;
  return putIpv4(bytes, at, d);
}
