/**
 * Byte order: converts between network order and the order of the machine, which is little-endian on both architectures.
 *
 * @module
 */

/** The lower 16 bits with their bytes reversed; unsigned. */
export function swap16(value: number): number {
  return (value & 0xff) << 8 | value >>> 8 & 0xff;
}

/** 32 bits with their bytes reversed; signed. */
export function swap32(value: number): number {
  return value << 24 | (value & 0xff00) << 8 | value >>> 8 & 0xff00 | value >>> 24;
}
