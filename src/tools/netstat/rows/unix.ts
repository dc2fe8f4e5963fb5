/**
 * The rows of the unix table.
 *
 * @module
 */
import {
  SO_ACCEPTCON,
  SO_NOSPACE,
  SO_WAITDATA,
  SS_NAMES,
  SS_UNCONNECTED,
  type UnixRow,
} from "../../../proc/net_unix.ts";
import { SOCK_SEQPACKET } from "../../../../ffi/socket.ts";
import { kernelSocketType } from "../../../model/socket_type.ts";
import type { RowContext } from "./internet.ts";
import { type NetstatLayout, wanted, writeOwner } from "../layout.ts";

/** True when the options ask for the socket. */
export function wantsUnix(row: UnixRow, layout: NetstatLayout): boolean {
  return wanted(isServer(row), layout);
}

function isServer({ state, flags }: UnixRow): boolean {
  return state === SS_UNCONNECTED && (flags & SO_ACCEPTCON) !== 0;
}

/** Writes a row. */
export function writeUnix(socket: UnixRow, context: RowContext): void {
  const { row } = context;
  const { flags } = socket;
  const marks = `[ ${flags & SO_ACCEPTCON ? "ACC " : ""}${flags & SO_WAITDATA ? "W " : ""}${
    flags & SO_NOSPACE ? "N " : ""
  }]`;
  const state = isServer(socket)
    ? "LISTENING"
    : socket.state === SS_UNCONNECTED
    ? ""
    : SS_NAMES[socket.state] ?? "UNKNOWN";
  // These widths include the blank behind each cell.
  row.left(socket.protocol === 0 ? "unix" : "??", 6);
  row.left(`${socket.references} `, 7);
  row.left(`${marks} `, 12);
  const type = socket.type <= SOCK_SEQPACKET ? kernelSocketType(socket.type) : null;
  row.left(type ?? "UNKNOWN", 11);
  row.left(state, 14);
  row.left(String(socket.inode), 8);
  writeOwner(context, socket.inode);
  row.byte(0x20);
  row.text(pathWord(socket.path ?? ""));
  row.byte(0x0a);
}

/** Control characters, and in UTF-8 those of C1 and all that is not seen or turns the text around: text/sanitize.ts. */
const UNSEEN = // deno-lint-ignore no-control-regex
  /[\x00-\x1f\x7f]|\xc2[\x80-\x9f\xad]|\xd8\x9c|\xe1\xa0\x8e|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xef\xbf[\xb9-\xbb]|\xf3\xa0[\x80-\xbf]{2}/g;

/** The path up to its first blank, as netstat shows it. Characters that steer a terminal become dots, as in program names. */
function pathWord(path: string): string {
  const word = /^[\t-\r ]*([^\t-\r ]*)/.exec(path)![1]!;
  return word.replace(UNSEEN, (bytes) => ".".repeat(bytes.length));
}
