/**
 * SCTP in ss mode.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../../../ffi/socket.ts";
import type { SsTable } from "../../layout/table.ts";
import { writeIpv6Bare } from "./address.ts";
import type { InetMessage } from "../../../../families/inet/message.ts";
import {
  INET_DIAG_INFO,
  INET_DIAG_LOCALS,
  INET_DIAG_PEERS,
} from "../../../../families/inet/uapi.ts";

/** States of an association: enum sctp_state (include/net/sctp/constants.h). */
const STATES = [
  "CLOSED",
  "COOKIE_WAIT",
  "COOKIE_ECHOED",
  "ESTAB",
  "SHUTDOWN_PENDING",
  "SHUTDOWN_SENT",
  "SHUTDOWN_RECEIVED",
  "ACK_SENT",
] as const;

/** Name of an association's state. */
export function sctpStateName(state: number): string {
  return STATES[state] ?? "UNDEF";
}

/** struct sctp_info (include/uapi/linux/sctp.h), 368 bytes, in the order of output. 0 is not shown. */
const FIELDS: readonly (readonly [label: string, offset: number, width: 1 | 2 | 4, hex?: true])[] =
  [
    ["tag", 0, 4, true],
    ["state", 4, 4],
    ["rwnd", 8, 4],
    ["unackdata", 12, 2],
    ["penddata", 14, 2],
    ["instrms", 16, 2],
    ["outstrms", 18, 2],
    ["inqueue", 24, 4],
    ["outqueue", 28, 4],
    ["overerr", 32, 4],
    ["maxburst", 36, 4],
    ["maxseg", 40, 4],
    ["prwnd", 44, 4],
    ["ptag", 48, 4, true],
    ["pcapable", 52, 1],
    ["psack", 53, 1],
    ["autoclose", 344, 4],
    ["adapind", 348, 4],
    ["pdpoint", 352, 4],
    ["nodelay", 356, 1],
    ["nofrag", 357, 1],
    ["v4mapped", 358, 1],
    ["fraginl", 359, 1],
  ];

/** Writes the addresses of both ends, then sctp_info. */
export function writeSctpInfo(cells: SsTable, message: InetMessage): void {
  writeAddresses(cells, " locals:", message, INET_DIAG_LOCALS);
  writeAddresses(cells, " peers:", message, INET_DIAG_PEERS);
  const start = message.attributeOffset(INET_DIAG_INFO);
  const length = message.attributeLength(INET_DIAG_INFO);
  if (start < 0) return;
  const { view } = message;
  for (const [label, offset, width, hex] of FIELDS) {
    if (offset + width > length) break;
    const at = start + offset;
    const value = width === 1
      ? view.getUint8(at)
      : width === 2
      ? view.getUint16(at, true)
      : view.getUint32(at, true);
    if (value === 0) continue;
    cells.text(` ${label}:`);
    if (label === "state") cells.text(sctpStateName(value));
    else if (hex) cells.hex(value);
    else cells.decimal(value | 0);
  }
}

/** sizeof(struct sockaddr_storage). */
const STORAGE_SIZE = 128;

function writeAddresses(cells: SsTable, label: string, message: InetMessage, type: number): void {
  const start = message.attributeOffset(type);
  const length = message.attributeLength(type);
  const { view } = message;
  for (let at = start, first = true; at >= 0 && at + STORAGE_SIZE <= start + length;) {
    cells.text(first ? label : ",");
    first = false;
    // sockaddr: family u16 0, port be16 2; IPv4 address 4; IPv6 flow 4, address 8.
    const family = view.getUint16(at, true);
    if (family === AF_INET) cells.ipv4(view.getUint32(at + 4, false));
    else if (family === AF_INET6) writeIpv6Bare(cells, view, at + 8);
    at += STORAGE_SIZE;
  }
}
