/**
 * Attributes of a netlink_diag_msg: one decoder each, in a table indexed by the kernel's number.
 *
 * @module
 */
import type { AttributeCursor } from "../../netlink/attribute.ts";
import {
  type AttributeDecoder,
  type AttributeValue,
  raw,
  readTable,
  skmeminfo,
  words,
} from "../attribute_table.ts";

/** NDIAG_FLAG_*, the first in the lowest bit. */
const FLAG_NAMES = [
  "cb_running",
  "pktinfo",
  "broadcast_error",
  "no_enobufs",
  "listen_all_nsid",
  "cap_ack",
  "ext_ack",
  "strict_chk",
] as const;

function flags(attribute: AttributeCursor): AttributeValue {
  const word = attribute.u32();
  return Object.fromEntries(FLAG_NAMES.map((name, i) => [name, (word >>> i & 1) !== 0]));
}

/** struct netlink_diag_ring: sent by kernels before 4.6 only. */
const ring = words(["block_size", "block_nr", "frame_size", "frame_nr"]);

/** The table. */
export const ATTRIBUTES: readonly AttributeDecoder[] = [
  { name: "meminfo", decode: skmeminfo },
  { name: "groups", decode: raw },
  { name: "rx_ring", decode: ring },
  { name: "tx_ring", decode: ring },
  { name: "flags", decode: flags },
];

/** Every attribute of a message, decoded, by name. Throws DecodeError when a length does not add up. */
export function readAttributes(attributes: AttributeCursor): Record<string, AttributeValue> {
  return readTable(attributes, ATTRIBUTES);
}
