/**
 * Attributes of a packet_diag_msg: one decoder each, in a table indexed by the kernel's number.
 *
 * @module
 */
import type { AttributeCursor } from "../../netlink/attribute.ts";
import {
  type AttributeDecoder,
  type AttributeValue,
  readTable,
  skmeminfo,
  u32,
  words,
} from "../attribute_table.ts";

const info = words(["index", "version", "reserve", "copy_thresh", "tstamp", "flags"]);

/** Fields of struct packet_diag_ring: sizes in bytes, the timeout in milliseconds. */
const ring = words([
  "block_size",
  "block_nr",
  "frame_size",
  "frame_nr",
  "retire_tmo",
  "sizeof_priv",
  "features",
]);

/** struct packet_diag_mclist, 44 bytes each. */
function mclist({ view, offset, length }: AttributeCursor): AttributeValue {
  const list: AttributeValue[] = [];
  for (let at = offset; at + 44 <= offset + length; at += 44) {
    const addressLength = Math.min(view.getUint16(at + 10, true), 32);
    list.push({
      index: view.getUint32(at, true),
      count: view.getUint32(at + 4, true),
      type: view.getUint16(at + 8, true),
      address: new Uint8Array(view.buffer, view.byteOffset + at + 12, addressLength).slice(),
    });
  }
  return list;
}

function fanout(attribute: AttributeCursor): AttributeValue {
  const word = attribute.u32();
  return { id: word & 0xffff, type: word >>> 16 };
}

/** struct sock_filter, 8 bytes each: the program of SO_ATTACH_FILTER. */
function filter({ view, offset, length }: AttributeCursor): AttributeValue {
  const program: AttributeValue[] = [];
  for (let at = offset; at + 8 <= offset + length; at += 8) {
    program.push({
      code: view.getUint16(at, true),
      jt: view.getUint8(at + 2),
      jf: view.getUint8(at + 3),
      k: view.getUint32(at + 4, true),
    });
  }
  return program;
}

/** The table. */
export const ATTRIBUTES: readonly AttributeDecoder[] = [
  { name: "info", decode: info },
  { name: "mclist", decode: mclist },
  { name: "rx_ring", decode: ring },
  { name: "tx_ring", decode: ring },
  { name: "fanout", decode: fanout },
  { name: "uid", decode: u32 },
  { name: "meminfo", decode: skmeminfo },
  { name: "filter", decode: filter },
];

/** Every attribute of a message, decoded, by name. Throws DecodeError when a length does not add up. */
export function readAttributes(attributes: AttributeCursor): Record<string, AttributeValue> {
  return readTable(attributes, ATTRIBUTES);
}
