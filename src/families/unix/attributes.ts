/**
 * Attributes of a unix_diag_msg: one decoder each, in a table indexed by the kernel's number.
 *
 * @module
 */
import type { AttributeCursor } from "../../netlink/attribute.ts";
import {
  type AttributeTable,
  type AttributeValue,
  raw,
  readTable,
  SKMEMINFO_NAMES,
  u32,
  u8,
} from "../attribute_table.ts";
import * as uapi from "./uapi.ts";

/** struct unix_diag_vfs. `dev` as the kernel has it: major in the upper 12 bits, minor in the lower 20. */
function vfs({ view, offset, length }: AttributeCursor): AttributeValue {
  const device = length >= 8 ? view.getUint32(offset + 4, true) : null;
  return {
    ino: length >= 4 ? view.getUint32(offset, true) : null,
    dev_major: device === null ? null : device >>> 20,
    dev_minor: device === null ? null : device & 0xf_ffff,
  };
}

/** u32[]: inodes of those whose connection waits. */
function icons({ view, offset, length }: AttributeCursor): AttributeValue {
  const inodes: number[] = [];
  for (let at = 0; at + 4 <= length; at += 4) inodes.push(view.getUint32(offset + at, true));
  return inodes;
}

/** By UNIX_DIAG_*. */
const ATTRIBUTES: AttributeTable = {
  [uapi.UNIX_DIAG_NAME]: ["name", raw],
  [uapi.UNIX_DIAG_VFS]: ["vfs", vfs],
  [uapi.UNIX_DIAG_PEER]: ["peer", u32],
  [uapi.UNIX_DIAG_ICONS]: ["icons", icons],
  [uapi.UNIX_DIAG_RQLEN]: ["rqlen", ["rqueue", "wqueue"]],
  [uapi.UNIX_DIAG_MEMINFO]: ["meminfo", SKMEMINFO_NAMES],
  [uapi.UNIX_DIAG_SHUTDOWN]: ["shutdown", u8],
  [uapi.UNIX_DIAG_UID]: ["uid", u32],
};

/** Every attribute of a message, decoded, by name. Throws DecodeError when a length does not add up. */
export function readAttributes(attributes: AttributeCursor): Record<string, AttributeValue> {
  return readTable(attributes, ATTRIBUTES);
}
