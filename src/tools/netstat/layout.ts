/**
 * Layout: what the options of netstat change in its tables, and where names come from.
 *
 * Widths, words and blanks follow net-tools 2.10 to the byte: scripts cut these tables by column.
 *
 * @module
 */
import type { RowBuffer } from "../../text/row_buffer.ts";

/** Options that change what tables look like. */
export interface NetstatLayout {
  /** `-a`: servers and connections. */
  readonly all: boolean;
  /** `-l`: servers alone. Without it and {@linkcode all}: connections alone. */
  readonly listening: boolean;
  /** `-e`: user and inode. */
  readonly extended: boolean;
  /** `-p`: who holds the socket. */
  readonly programs: boolean;
  /** `-o`. */
  readonly timers: boolean;
  /** `-W`: addresses in full. */
  readonly wide: boolean;
}

/** Names for numbers, or the numbers themselves where the options say so. */
export interface NetstatNames {
  /** True when neither hosts nor ports are named. */
  readonly numeric: boolean;
  /** Text of an address. */
  host(address: string): string;
  /** Text of a port; `protocol` is `tcp`, `udp`, `sctp` or `raw`. */
  port(port: number, protocol: string): string;
  /** Text of a user ID. */
  user(uid: number): string;
  /** `PID/name` of who holds the socket with this inode, `-` for nobody. */
  owner(inode: number): string;
}

/** Which sockets a title says there are. */
function which(layout: NetstatLayout): string {
  if (layout.all) return "servers and established";
  return layout.listening ? "only servers" : "w/o servers";
}

/** True when the options want a socket that is a server, or one that is not. */
export function wanted(server: boolean, layout: NetstatLayout): boolean {
  return layout.all || server === layout.listening;
}

const OWNER_WIDTH = 20;

/** Writes the owner's cell with the blank before it; nothing without `-p`. */
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

/** Title and heading of the internet tables, which share one. */
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
