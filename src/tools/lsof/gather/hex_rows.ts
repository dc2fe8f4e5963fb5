/**
 * Raw and ping sockets, whose addresses lsof shows as /proc has them: words in hexadecimal.
 *
 * @module
 */
import { AF_INET, AF_INET6 } from "../../../../ffi/socket.ts";
import { inetProcTable } from "../../../families/inet/proc.ts";
import * as uapi from "../../../families/inet/uapi.ts";

/** A row of /proc/net/{raw,raw6,icmp}. */
export interface HexRow {
  /** `0100007F:0001`. */
  readonly local: string;
  readonly remote: string;
  /** Two digits. */
  readonly state: string;
  readonly inode: number;
}

/** The rows of one of these files. A line that is not of a socket is passed over. */
export function hexRows(file: "raw" | "raw6" | "icmp", bytes: Uint8Array): HexRow[] {
  const rows: HexRow[] = [];
  const words = file === "raw6" ? 4 : 1;
  inetProcTable(file, words === 4 ? AF_INET6 : AF_INET).parse(bytes, (view, start) => {
    rows.push({
      local: endText(view, start + uapi.MSG_SRC, words, start + uapi.MSG_SPORT),
      remote: endText(view, start + uapi.MSG_DST, words, start + uapi.MSG_DPORT),
      state: hex(view.getUint8(start + uapi.MSG_STATE), 2),
      inode: view.getUint32(start + uapi.MSG_INODE, true),
    });
  }, () => {});
  return rows;
}

function endText(view: DataView, address: number, words: number, port: number): string {
  let text = "";
  for (let i = 0; i < words; i++) text += hex(view.getUint32(address + 4 * i, true), 8);
  return `${text}:${hex(view.getUint16(port, false), 4)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, "0");
}
