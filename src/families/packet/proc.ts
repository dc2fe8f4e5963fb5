/**
 * /proc/net/packet: lines turned into packet_diag_msg.
 *
 * Fields of a line (net/packet/af_packet.c): `pointer references type protocol interface running rmem uid inode`. The
 * protocol is hexadecimal, the rest decimal.
 *
 * @module
 */
import { AF_PACKET } from "../../../ffi/socket.ts";
import { MessageBuilder } from "../../netlink/message.ts";
import { NO_COOKIE } from "../../model/cookie.ts";
import { SOCK_DIAG_BY_FAMILY } from "../diag_request.ts";
import type { ProcTable } from "../family.ts";
import { bodyOf, decimal, hexadecimal, procTable } from "../proc_table.ts";
import { PACKET_DIAG_INFO, PACKET_DIAG_MEMINFO, PACKET_DIAG_UID, PDI_RUNNING } from "./uapi.ts";

/** The table. */
export const packetProcTable: ProcTable = procTable("packet", (fields, line) => {
  const info = new DataView(new ArrayBuffer(24));
  info.setUint32(0, decimal(fields[4], 0xffff_ffff, "interface", line), true);
  info.setUint32(20, decimal(fields[5], 1, "running", line) === 0 ? 0 : PDI_RUNNING, true);
  return bodyOf(
    new MessageBuilder(SOCK_DIAG_BY_FAMILY, 0)
      .u8(AF_PACKET)
      .u8(decimal(fields[2], 255, "type", line))
      .u16(hexadecimal(fields[3], 0xffff, "protocol", line))
      .u32(decimal(fields[8], 0xffff_ffff, "inode", line))
      .u32(NO_COOKIE)
      .u32(NO_COOKIE)
      .attribute(PACKET_DIAG_INFO, new Uint8Array(info.buffer))
      .u32Attribute(PACKET_DIAG_UID, decimal(fields[7], 0xffff_ffff, "user", line))
      // Of the whole array only its first word: what waits to be read.
      .u32Attribute(PACKET_DIAG_MEMINFO, decimal(fields[6], 0xffff_ffff, "rmem", line)),
  );
});
