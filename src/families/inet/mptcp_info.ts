/**
 * struct mptcp_info: one table that drives reading and JSON names.
 *
 * The kernel only ever appends to it, so the length of the attribute says which fields exist. Source:
 * include/uapi/linux/mptcp.h as of Linux 6.18 (96 bytes).
 *
 * @module
 */
import type { AttributeValue } from "../attribute_table.ts";

/** Name in JSON, offset, bytes. */
type Field = readonly [name: string, offset: number, width: 1 | 4 | 8];

/** Every field, by offset. The kernel's names begin with `mptcpi_`. */
export const MPTCP_INFO_FIELDS: readonly Field[] = [
  ["subflows", 0, 1],
  ["add_addr_signal", 1, 1],
  ["add_addr_accepted", 2, 1],
  ["subflows_max", 3, 1],
  ["add_addr_signal_max", 4, 1],
  ["add_addr_accepted_max", 5, 1],
  ["flags", 8, 4],
  ["token", 12, 4],
  ["write_seq", 16, 8],
  ["snd_una", 24, 8],
  ["rcv_nxt", 32, 8],
  ["local_addr_used", 40, 1],
  ["local_addr_max", 41, 1],
  ["csum_enabled", 42, 1],
  ["retransmits", 44, 4],
  ["bytes_retrans", 48, 8],
  ["bytes_sent", 56, 8],
  ["bytes_received", 64, 8],
  ["bytes_acked", 72, 8],
  ["subflows_total", 80, 1],
  ["endp_laminar_max", 81, 1],
  ["last_data_sent_ms", 84, 4],
  ["last_data_recv_ms", 88, 4],
  ["last_ack_recv_ms", 92, 4],
];

/** All fields that the attribute is long enough to hold. 64-bit values are bigints. */
export function readMptcpInfo(
  view: DataView,
  offset: number,
  length: number,
): Record<string, AttributeValue> {
  const info: Record<string, AttributeValue> = {};
  for (const [name, at, width] of MPTCP_INFO_FIELDS) {
    if (at + width > length) break;
    info[name] = width === 1
      ? view.getUint8(offset + at)
      : width === 4
      ? view.getUint32(offset + at, true)
      : view.getBigUint64(offset + at, true);
  }
  return info;
}
