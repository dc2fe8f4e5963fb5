/**
 * The layout of netstat's tables: headings, and what the options change.
 *
 * Widths, words and blanks are those of net-tools 2.10 to the byte, because scripts cut these tables by column.
 *
 * @module
 */
import type { RowBuffer } from "../../text/row_buffer.ts";

/** The options that change the tables. */
export interface NetstatLayout {
  /** `-a`: list servers and connections. */
  readonly all: boolean;
  /** `-l`: list servers only. Without `-l` and `-a`, connections only. */
  readonly listening: boolean;
  /** `-e`: show user and inode. */
  readonly extended: boolean;
  /** `-p`: show the owner. */
  readonly programs: boolean;
  /** `-o`: show timers. */
  readonly timers: boolean;
  /** `-W`: do not cut addresses. */
  readonly wide: boolean;
}

/** Names, or numbers where the options say so. */
export interface NetstatNames {
  /** True when hosts and ports are both shown as numbers. */
  readonly numeric: boolean;
  /** The text for an address. */
  host(address: string): string;
  /** The text for a port; `protocol` is `tcp`, `udp`, `sctp` or `raw`. */
  port(port: number, protocol: string): string;
  /** The text for a user ID. */
  user(uid: number): string;
  /** `PID/name` of the owner of the socket with this inode; `-` for none. */
  owner(inode: number): string;
}

/** The part of a title that says which sockets are listed. */
function which(layout: NetstatLayout): string {
  if (layout.all) return "servers and established";
  return layout.listening ? "only servers" : "w/o servers";
}

/** True when the options ask for a socket. `server` says whether it is one in the sense of netstat. */
export function wanted(server: boolean, layout: NetstatLayout): boolean {
  return layout.all || server === layout.listening;
}

/** Width of the cell of the owner. */
export const OWNER_WIDTH = 20;

/** Writes the cell of the owner with the blank before it. Without `-p` it writes nothing. */
export function writeOwner(
  { row, layout, names }: {
    readonly row: RowBuffer;
    readonly layout: NetstatLayout;
    readonly names: NetstatNames;
  },
  inode: number,
): void {
  if (!layout.programs) return;
  row.byte(0x20);
  row.left(names.owner(inode), OWNER_WIDTH);
}

function ownerHeading(layout: NetstatLayout): string {
  return layout.programs ? ` ${"PID/Program name".padEnd(OWNER_WIDTH)}` : "";
}

/** Title and heading of all internet tables. */
export function internetHeading(layout: NetstatLayout): string {
  const extended = layout.extended ? " User       Inode     " : "";
  const timers = layout.timers ? " Timer" : "";
  return `Active Internet connections (${which(layout)})\n` +
    "Proto Recv-Q Send-Q Local Address           Foreign Address         State      " +
    `${extended}${ownerHeading(layout)}${timers}\n`;
}

/** Title and heading of the unix table. */
export function unixHeading(layout: NetstatLayout): string {
  return `Active UNIX domain sockets (${which(layout)})\n` +
    "Proto RefCnt Flags       Type       State         I-Node  " +
    `${ownerHeading(layout)} Path\n`;
}
