/**
 * Attributes of a vsock_diag_msg: the kernel sends none today, so whatever comes is kept as bytes.
 *
 * @module
 */
import type { AttributeCursor } from "../../netlink/attribute.ts";
import { type AttributeValue, readTable } from "../attribute_table.ts";

/** Every attribute of a message, by number. Throws DecodeError when a length does not add up. */
export function readAttributes(attributes: AttributeCursor): Record<string, AttributeValue> {
  return readTable(attributes, []);
}
