/**
 * /proc/net/netlink: lines turned into netlink_diag_msg.
 *
 * Fields of a line (net/netlink/af_netlink.c): `pointer protocol portid groups rmem wmem dump locks drops inode`. Pointer
 * and groups are hexadecimal; of the groups only the first 32 are told.
 *
 * @module
 */
import { AF_NETLINK } from "../../../ffi/socket.ts";
import { DecodeError } from "../../model/decode_error.ts";
import { MessageBuilder } from "../../netlink/message.ts";
import { SOCK_DIAG_BY_FAMILY } from "../diag_request.ts";
import type { ProcTable } from "../family.ts";
import { bodyOf, decimal, hexadecimal, procTable } from "../proc_table.ts";
import {
  NDIAG_FLAG_CB_RUNNING,
  NETLINK_DIAG_FLAGS,
  NETLINK_DIAG_GROUPS,
  NETLINK_DIAG_MEMINFO,
} from "./uapi.ts";

const WORD = 0xffff_ffff;

/** The table. */
export const netlinkProcTable: ProcTable = procTable("netlink", (fields, line) => {
  const pointer = fields[0] ?? "";
  if (!/^[0-9a-f]{1,16}$/i.test(pointer)) {
    throw new DecodeError(
      line.what,
      line.at,
      `pointer is ${JSON.stringify(pointer)}, not a number`,
    );
  }
  // SK_MEMINFO_*: the third and the last are told as well as the first.
  const memory = new DataView(new ArrayBuffer(36));
  memory.setUint32(0, decimal(fields[4], WORD, "rmem", line), true);
  memory.setUint32(8, decimal(fields[5], WORD, "wmem", line), true);
  memory.setUint32(32, decimal(fields[8], WORD, "drops", line), true);
  const dumping = decimal(fields[6], 1, "dump", line) === 1;
  return bodyOf(
    new MessageBuilder(SOCK_DIAG_BY_FAMILY, 0)
      .u8(AF_NETLINK)
      .u8(0)
      .u8(decimal(fields[1], 255, "protocol", line))
      .u8(0)
      .u32(decimal(fields[2], WORD, "port ID", line))
      .u32(0)
      .u32(0)
      .u32(decimal(fields[9], WORD, "inode", line))
      .u64(BigInt(`0x${pointer}`))
      .attribute(NETLINK_DIAG_MEMINFO, new Uint8Array(memory.buffer))
      .u32Attribute(NETLINK_DIAG_GROUPS, hexadecimal(fields[3], WORD, "groups", line))
      .u32Attribute(NETLINK_DIAG_FLAGS, dumping ? NDIAG_FLAG_CB_RUNNING : 0),
  );
});
