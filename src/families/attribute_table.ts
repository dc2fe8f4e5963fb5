/**
 * Tables of attributes: the kernel's number, the name that JSON gives it, and how it is decoded.
 *
 * @module
 */
import type { InfoValue } from "../model/socket.ts";
import type { AttributeCursor } from "../netlink/attribute.ts";

/** A decoded value. */
export type AttributeValue = InfoValue;

/** Decodes one attribute. Throws DecodeError when it is too short. */
export type Getter = (attribute: AttributeCursor) => AttributeValue;

/**
 * How an attribute is decoded: by a function; as the names of the u32 values that it is made of, one after the other, of
 * which a short attribute has fewer; or as a nest of attributes with a table of their own.
 */
type AttributeDecoder = Getter | readonly string[] | { readonly nest: AttributeTable };

/**
 * Attributes by the kernel's number. The name is that of the header file in lower case, without its prefix. An attribute
 * without a name says nothing, as padding does.
 */
export type AttributeTable = Readonly<
  Record<number, readonly [name: string, decoder: AttributeDecoder]>
>;

/** SK_MEMINFO_* (include/uapi/linux/sock_diag.h): bytes, but for `drops`, which counts packets. */
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

/** An unsigned byte. */
export const u8: Getter = (attribute) => attribute.u8();
/** An unsigned 16-bit integer, host byte order. */
export const u16: Getter = (attribute) => attribute.u16();
/** An unsigned 32-bit integer, host byte order. */
export const u32: Getter = (attribute) => attribute.u32();
/** An unsigned 64-bit integer, host byte order. */
export const u64: Getter = (attribute) => attribute.u64();
/** Present or not: it has no payload. */
export const flag: Getter = () => true;
/** Bytes as they are. */
export const raw: Getter = (attribute) => attribute.bytes();
/** An attribute that says nothing. */
export const PADDING = ["", flag] as const;

/**
 * Every attribute of a message, decoded by `table`, by name. One that the table does not have is kept as its bytes under
 * `attribute_N`. Throws DecodeError when a length does not add up.
 */
export function readTable(
  attributes: AttributeCursor,
  table: AttributeTable,
): Record<string, AttributeValue> {
  const values: Record<string, AttributeValue> = {};
  while (attributes.next()) {
    const entry = table[attributes.type];
    if (entry === undefined) values[`attribute_${attributes.type}`] = attributes.bytes();
    else if (entry[0] !== "") values[entry[0]] = decode(attributes, entry[1]);
  }
  return values;
}

function decode(attribute: AttributeCursor, decoder: AttributeDecoder): AttributeValue {
  if (typeof decoder === "function") return decoder(attribute);
  return "nest" in decoder
    ? readTable(attribute.nested(), decoder.nest)
    : words(attribute, decoder);
}

/** u32 values one after the other. Those past the end of the attribute are left out. */
export function words(
  { view, offset, length }: Pick<AttributeCursor, "view" | "offset" | "length">,
  names: readonly string[],
): Record<string, AttributeValue> {
  const values: Record<string, AttributeValue> = {};
  for (let i = 0; i < names.length && 4 * i + 4 <= length; i++) {
    values[names[i]!] = view.getUint32(offset + 4 * i, true);
  }
  return values;
}
