/**
 * Attributes of nftables' messages by number.
 *
 * @module
 */
import { AttributeCursor } from "../netlink/attribute.ts";
import { latin1Text } from "../text/encoding.ts";

// include/uapi/linux/netfilter/nf_tables.h
const NFTA_DATA_VALUE = 1;

/** The attributes of one expression by number. nftables writes integers big-endian and nests values. */
export interface Fields {
  number(type: number): number | null;
  text(type: number): string;
  bytes(type: number): Uint8Array<ArrayBuffer>;
  value(type: number): Uint8Array | null;
}

/** Reads the attributes that are left in a cursor. Throws DecodeError. */
export function fields(cursor: AttributeCursor): Fields {
  const found = new Map<number, Uint8Array<ArrayBuffer>>();
  while (cursor.next()) found.set(cursor.type, cursor.bytes());
  const bytes = (type: number) => found.get(type) ?? new Uint8Array();
  return {
    bytes,
    number(type) {
      const value = found.get(type);
      return value === undefined || value.length !== 4
        ? null
        : new DataView(value.buffer).getUint32(0, false);
    },
    text: (type) => latin1Text(bytes(type)).replace(/\0.*$/s, ""),
    value(type) {
      const nest = bytes(type);
      const inner = new AttributeCursor(new DataView(nest.buffer), 0, nest.length);
      while (inner.next()) if (inner.type === NFTA_DATA_VALUE) return inner.bytes();
      return null;
    },
  };
}
