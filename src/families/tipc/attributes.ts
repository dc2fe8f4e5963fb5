/**
 * Attributes of a TIPC reply, as names and values.
 *
 * @module
 */
import type { AttributeCursor } from "../../netlink/attribute.ts";
import {
  type AttributeDecoder,
  type AttributeValue,
  type Getter,
  named,
  raw,
  readTable,
  u32,
  u64,
} from "../attribute_table.ts";

const flag: Getter = () => true;

const CON: readonly (readonly [string, Getter] | null)[] = [
  null,
  ["flag", flag],
  ["node", u32],
  ["sock", u32],
  ["type", u32],
  ["inst", u32],
];

const STAT: readonly (readonly [string, Getter])[] = [
  ["rcvq", u32],
  ["sendq", u32],
  ["link_cong", flag],
  ["conn_cong", flag],
  ["drop", u32],
];

/** The table of what is inside TIPC_NLA_SOCK. */
export const ATTRIBUTES: readonly (AttributeDecoder | null)[] = [
  null,
  { name: "addr", decode: u32 },
  { name: "ref", decode: u32 },
  { name: "con", decode: (attribute) => named(attribute, CON) },
  { name: "has_publ", decode: flag },
  { name: "stat", decode: (attribute) => named(attribute, STAT) },
  { name: "type", decode: u32 },
  { name: "ino", decode: u32 },
  { name: "uid", decode: u32 },
  { name: "tipc_state", decode: u32 },
  { name: "cookie", decode: u64 },
  // Padding says nothing.
  { name: "", decode: () => null },
  { name: "group", decode: raw },
];

/** Every attribute of a message, decoded, by name. Throws DecodeError when a length does not add up. */
export function readAttributes(attributes: AttributeCursor): Record<string, AttributeValue> {
  return readTable(attributes, ATTRIBUTES);
}
