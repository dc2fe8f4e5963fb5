/**
 * What the attribute tables of all families are made of: values, decoders, and the reader that applies a table.
 *
 * @module
 */
import type { InfoValue } from "../model/socket.ts";
import type { AttributeCursor } from "../netlink/attribute.ts";

/** A decoded value. */
export type AttributeValue = InfoValue;

/** One attribute's name, as in the header file, and its decoder. */
export interface AttributeDecoder {
  readonly name: string;
  readonly decode: (attribute: AttributeCursor) => AttributeValue;
}

/** Decoder of u32 values one after the other, named; those past the end of the attribute are left out. */
export function words(names: readonly string[]): (attribute: AttributeCursor) => AttributeValue {
  return ({ view, offset, length }) => {
    const values: Record<string, AttributeValue> = {};
    for (const [i, name] of names.entries()) {
      if (4 * i + 4 > length) break;
      values[name] = view.getUint32(offset + 4 * i, true);
    }
    return values;
  };
}

/** SK_MEMINFO_*: bytes, but for `drops`, which counts packets. */
export const SKMEMINFO_NAMES = [
  "rmem_alloc",
  "rcvbuf",
  "wmem_alloc",
  "sndbuf",
  "fwd_alloc",
  "wmem_queued",
  "optmem",
  "backlog",
  "drops",
] as const;
/** Decoder of a SK_MEMINFO array. */
export const skmeminfo = words(SKMEMINFO_NAMES);

/** Decodes one attribute. Throws DecodeError when it is too short. */
export type Getter = (attribute: AttributeCursor) => AttributeValue;
export const u8: Getter = (attribute) => attribute.u8();
export const u16: Getter = (attribute) => attribute.u16();
export const u32: Getter = (attribute) => attribute.u32();
export const u64: Getter = (attribute) => attribute.u64();
/** Bytes as they are. */
export const raw: Getter = (attribute) => attribute.bytes();

/** Decodes a nest by a table of names. */
export function named(
  attribute: AttributeCursor,
  table: readonly (readonly [string, Getter] | null)[],
): AttributeValue {
  const values: Record<string, AttributeValue> = {};
  const nest = attribute.nested();
  while (nest.next()) {
    const entry = table[nest.type];
    if (entry) values[entry[0]] = entry[1](nest);
    else values[`attribute_${nest.type}`] = nest.bytes();
  }
  return values;
}

/**
 * Every attribute, decoded by `table`, which the kernel's numbers index. An entry without a name is left out; what the
 * table does not have is kept as its bytes under `attribute_N`. Throws DecodeError when a length does not add up.
 */
export function readTable(
  attributes: AttributeCursor,
  table: readonly (AttributeDecoder | null)[],
): Record<string, AttributeValue> {
  const values: Record<string, AttributeValue> = {};
  while (attributes.next()) {
    const decoder = table[attributes.type];
    if (!decoder) values[`attribute_${attributes.type}`] = attributes.bytes();
    else if (decoder.name !== "") values[decoder.name] = decoder.decode(attributes);
  }
  return values;
}
