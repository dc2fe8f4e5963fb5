/**
 * The arena as the first gear sees it: accessors over views. The second gear has `memory_wasm.ts` in the place of this file.
 *
 * Everything is little-endian unless a name ends in `be`, and may stand at any address.
 *
 * @module
 */

// Elements of arrays, and not a DataView: most of this runs before it is compiled, where a call costs several times as much.
let bytes = new Uint8Array(0);
let words = new Uint32Array(0);

/** Says where the arena is. */
export function setMemory(buffer: ArrayBuffer): void {
  bytes = new Uint8Array(buffer);
  words = new Uint32Array(buffer);
}

export function get8(p: u32): u32 {
  return bytes[p]!;
}

export function get16(p: u32): u32 {
  return bytes[p]! | bytes[p + 1]! << 8;
}

export function get16be(p: u32): u32 {
  return bytes[p]! << 8 | bytes[p + 1]!;
}

export function get32(p: u32): u32 {
  if ((p & 3) === 0) return words[p >>> 2]!;
  return (bytes[p]! | bytes[p + 1]! << 8 | bytes[p + 2]! << 16 | bytes[p + 3]! << 24) >>> 0;
}

export function getSigned32(p: u32): i32 {
  return get32(p) | 0;
}

export function put8(p: u32, value: u32): void {
  bytes[p] = value;
}

export function put16(p: u32, value: u32): void {
  bytes[p] = value;
  bytes[p + 1] = value >>> 8;
}

export function put32(p: u32, value: u32): void {
  if ((p & 3) === 0) words[p >>> 2] = value;
  else {
    bytes[p] = value;
    bytes[p + 1] = value >>> 8;
    bytes[p + 2] = value >>> 16;
    bytes[p + 3] = value >>> 24;
  }
}

/**
 * Text, mostly of a few bytes, and what makes it a multiple of eight, so that both gears leave the same behind it. Where the two
 * overlap, what comes out is not defined.
 */
export function copyText(to: u32, from: u32, count: u32): void {
  const end = count + 7 & ~7;
  if (end > 24) bytes.copyWithin(to, from, from + end);
  else for (let i = 0; i < end; i++) bytes[to + i] = bytes[from + i]!;
}

export function copy(to: u32, from: u32, count: u32): void {
  bytes.copyWithin(to, from, from + count);
}

export function fill(to: u32, value: u32, count: u32): void {
  bytes.fill(value, to, to + count);
}

/** The whole part of a quotient. */
export function div(a: u32, b: u32): u32 {
  return a / b >>> 0;
}

/** The lower 32 bits of a product. */
export function mul(a: u32, b: u32): u32 {
  return Math.imul(a, b) >>> 0;
}

/** The same bits without a sign. */
export function unsigned(value: i32): u32 {
  return value >>> 0;
}

/** As a floating-point number. */
export function float(value: u32): f64 {
  return value;
}

/** A floating-point number that is whole, not negative and below 2^32. */
export function whole(value: f64): u32 {
  return value >>> 0;
}
