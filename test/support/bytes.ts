/**
 * Bytes for fixtures: written field by field, so that a reader can check them against the header file.
 *
 * @module
 */

/** Little-endian 16-bit integer. */
export const u16 = (value: number): number[] => [value & 255, value >>> 8 & 255];
/** Big-endian 16-bit integer, as ports are. */
export const be16 = (value: number): number[] => [value >>> 8 & 255, value & 255];
/** Little-endian 32-bit integer. */
export const u32 = (value: number): number[] => [...u16(value & 0xffff), ...u16(value >>> 16)];
/** Little-endian 64-bit integer. */
export const u64 = (value: bigint): number[] => [
  ...u32(Number(value & 0xffff_ffffn)),
  ...u32(Number(value >> 32n)),
];
/** The characters of ASCII text. */
export const ascii = (text: string): number[] =>
  [...text].map((character) => character.charCodeAt(0));
/** `count` zeros. */
export const zeros = (count: number): number[] => new Array<number>(count).fill(0);

/** A netlink attribute, padded. */
export function attribute(type: number, payload: number[]): number[] {
  const length = 4 + payload.length;
  return [...u16(length), ...u16(type), ...payload, ...zeros((4 - length % 4) % 4)];
}

/** A netlink message, padded. */
export function message(
  type: number,
  flags: number,
  sequence: number,
  portId: number,
  body: number[],
): number[] {
  const length = 16 + body.length;
  return [
    ...u32(length),
    ...u16(type),
    ...u16(flags),
    ...u32(sequence),
    ...u32(portId),
    ...body,
    ...zeros((4 - length % 4) % 4),
  ];
}

/** A view over bytes given as numbers. */
export function viewOf(bytes: number[]): DataView<ArrayBuffer> {
  return new DataView(new Uint8Array(bytes).buffer);
}

/** Bytes as readable hexadecimal, for comparing. */
export function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
}
