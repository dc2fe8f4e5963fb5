/**
 * Rows of the unix table.
 *
 * @module
 */
import {
  SO_ACCEPTCON,
  SO_NOSPACE,
  SO_WAITDATA,
  SS_UNCONNECTED,
  type UnixRow,
} from "../../proc/net_unix.ts";
import { type NetstatLayout, type NetstatNames, ownerCell, wanted } from "./layout.ts";

// Indices are SOCK_* and SS_*.
const TYPES = ["UNKNOWN", "STREAM", "DGRAM", "RAW", "RDM", "SEQPACKET"];
const STATES = ["FREE", "", "CONNECTING", "CONNECTED", "DISCONNECTING"];

/** A unix row without its newline, one character a byte; `null` when the options do not want the socket. */
export function unixRow(
  row: UnixRow,
  layout: NetstatLayout,
  names: NetstatNames,
): string | null {
  const { flags } = row;
  const server = row.state === SS_UNCONNECTED && (flags & SO_ACCEPTCON) !== 0;
  if (!wanted(server, layout)) return null;
  const marks = `[ ${flags & SO_ACCEPTCON ? "ACC " : ""}${flags & SO_WAITDATA ? "W " : ""}${
    flags & SO_NOSPACE ? "N " : ""
  }]`;
  const cells = [
    (row.protocol === 0 ? "unix" : "??").padEnd(5),
    String(row.references).padEnd(6),
    marks.padEnd(11),
    (TYPES[row.type] ?? "UNKNOWN").padEnd(10),
    (server ? "LISTENING" : STATES[row.state] ?? "UNKNOWN").padEnd(13),
    String(row.inode).padEnd(8),
  ];
  return `${cells.join(" ")}${ownerCell(row.inode, layout, names)} ${pathWord(row.path ?? "")}`;
}

/** The path up to its first blank, as netstat has it, its other control bytes replaced as those of program names are. */
function pathWord(path: string): string {
  const word = /^[\t-\r ]*([^\t-\r ]*)/.exec(path)![1]!;
  // deno-lint-ignore no-control-regex
  return word.replace(/[\x00-\x1f\x7f]|\xc2[\x80-\x9f]/g, (bytes) => ".".repeat(bytes.length));
}
