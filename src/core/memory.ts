/**
 * The arena as the first gear sees it: accessors over views. The second gear has `memory_wasm.ts` in the place of this file.
 *
 * Everything is little-endian unless a name ends in `be`, and may stand at any address. An access outside of the arena throws.
 *
 * @module
 */

let bytes = new Uint8Array(0);
let view = new DataView(bytes.buffer);

/** Says where the arena is. */
export function setMemory(buffer: ArrayBuffer): void {
  bytes = new Uint8Array(buffer);
  view = new DataView(buffer);
}

export function get8(p: u32): u32 {
  return view.getUint8(p);
}

export function get16(p: u32): u32 {
  return view.getUint16(p, true);
}

export function get16be(p: u32): u32 {
  return view.getUint16(p, false);
}

export function get32(p: u32): u32 {
  return view.getUint32(p, true);
}

export function getSigned32(p: u32): i32 {
  return view.getInt32(p, true);
}

export function put8(p: u32, value: u32): void {
  view.setUint8(p, value);
}

export function put16(p: u32, value: u32): void {
  view.setUint16(p, value, true);
}

export function put32(p: u32, value: u32): void {
  view.setUint32(p, value, true);
}

/** Eight bytes; where the two overlap, what comes out is not defined. */
export function copy8(to: u32, from: u32): void {
  view.setInt32(to, view.getInt32(from, true), true);
  view.setInt32(to + 4, view.getInt32(from + 4, true), true);
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
