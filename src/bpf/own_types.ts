/**
 * Types of our own, in the form of BTF: a map that keeps something with an object of the kernel has to say what.
 *
 * Source: Documentation/bpf/btf.rst.
 *
 * @module
 */

const MAGIC = 0xeb9f;
const HEADER_SIZE = 24;
const KIND_INT = 1;
const KIND_STRUCT = 4;
const INT_SIGNED = 1 << 24;

/** Numbers of the two types of {@linkcode ownTypes}. */
export const OWN_INT = 1;
export const OWN_STRUCT = 2;

/** A number of four bytes, and a structure of `size` bytes without members. */
export function ownTypes(size: number): Uint8Array<ArrayBuffer> {
  const strings = new TextEncoder().encode("\0int\0note\0");
  // name_off u32, info u32: kind << 24 | number of members, size u32; then of a number: encoding << 24 | bits.
  const types = [1, KIND_INT << 24, 4, INT_SIGNED | 32, 5, KIND_STRUCT << 24, size];
  const bytes = new Uint8Array(HEADER_SIZE + 4 * types.length + strings.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, MAGIC, true);
  view.setUint8(2, 1);
  const words = [HEADER_SIZE, 0, 4 * types.length, 4 * types.length, strings.length, ...types];
  for (const [i, word] of words.entries()) view.setUint32(4 + 4 * i, word, true);
  bytes.set(strings, HEADER_SIZE + 4 * types.length);
  return bytes;
}
