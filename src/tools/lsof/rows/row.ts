/**
 * The rows of lsof mode: processes and their open files, before they are laid out.
 *
 * Text from the kernel or from processes has one character a byte. layout/safe.ts makes it printable when it is written.
 *
 * @module
 */
import type { Device } from "../../../../ffi/stat.ts";
import type { RowBuffer } from "../../../text/row_buffer.ts";
import type { Writer } from "../../../text/writer.ts";

/** One end of an internet socket. */
export interface InternetEnd {
  /** Also 4 for an IPv4 address of an IPv6 socket. */
  readonly version: 4 | 6;
  /** Text form; `null` for the wildcard. */
  readonly address: string | null;
  /** 0 for none. */
  readonly port: number;
}

/** The two ends of an internet socket. */
export interface InternetEnds {
  /** `null` when neither address nor port is set. */
  readonly local: InternetEnd | null;
  /** `null` when there is none. */
  readonly peer: InternetEnd | null;
}

/** The state and the queues of a socket. */
export interface SocketState {
  /** Name of the state. lsof shows one for TCP and unix sockets only: `null` for others. */
  readonly stateName: string | null;
  /** Bytes, or for a listener the connections that wait; `null` when unknown. */
  readonly receiveQueue: number | null;
  readonly sendQueue: number | null;
}

/** An open file. */
export interface FileRow {
  /** The number of the descriptor; for other files `cwd`, `rtd`, `txt`, `mem`, `DEL` or `NOFD`. */
  readonly descriptor: number | string;
  /** `r`, `w`, `u` for both, or a space. */
  readonly access: string;
  /** Kind of lock, or a space. */
  readonly lock: string;
  readonly type: string;
  /** Flags of open(2); `null` when they were not read. */
  readonly flags: number | null;
  /** The DEVICE column of a socket, which has no device number: its kernel address, or its inode. */
  readonly deviceText: string | number | null;
  readonly device: Device | null;
  readonly specialDevice: Device | null;
  readonly size: number | null;
  readonly offset: number | null;
  readonly linkCount: number | null;
  readonly inode: number | null;
  /** The protocol of an internet or packet socket, which the NODE column has instead of an inode. */
  readonly protocol: string | null;
  readonly name: string | null;
  /** Text behind the name: endpoints, errors. */
  additions: readonly string[];
  readonly ends: InternetEnds | null;
  readonly state: SocketState | null;
}

/** A row that is still being filled in. */
export type FileDraft = { -readonly [Key in keyof FileRow]: FileRow[Key] };

/** The additions of most rows: none. */
export const NO_ADDITIONS: readonly string[] = [];

/** Appends something to the name. */
export function addToName(row: FileRow, text: string): void {
  row.additions = [...row.additions, text];
}

/** A row with nothing filled in but its descriptor. */
export function emptyRow(descriptor: number | string): FileDraft {
  return {
    descriptor,
    access: " ",
    lock: " ",
    type: "",
    flags: null,
    deviceText: null,
    device: null,
    specialDevice: null,
    size: null,
    offset: null,
    linkCount: null,
    inode: null,
    protocol: null,
    name: null,
    additions: NO_ADDITIONS,
    ends: null,
    state: null,
  };
}

/** Widths of the columns FD, TYPE, DEVICE, SIZE/OFF and NODE, where a table has no others. */
export type FileWidths = readonly [
  descriptor: number,
  type: number,
  device: number,
  size: number,
  node: number,
];

/** The rows of one process. An array is one form of it. */
export interface Files extends Iterable<FileRow> {
  readonly length: number;
  at(i: number): FileRow | undefined;
  /** How wide the columns have to be. Absent: each row is asked. */
  readonly widths?: FileWidths;
  /** Writes all rows, each behind `head`. Absent, or false: one by one. */
  writeRows?(head: Uint8Array, widths: FileWidths, out: RowBuffer, writer: Writer): boolean;
}

/** A process or task with the files to list. */
export interface ProcessRow {
  readonly pid: number;
  /** 0 for the process itself. */
  readonly tid: number;
  readonly ppid: number;
  readonly pgid: number;
  readonly uid: number;
  readonly command: string;
  /** Name of the task; `null` for the process itself. */
  readonly taskCommand: string | null;
  readonly files: Files;
}

/** What `-T` chose to show of the state of a socket. */
interface StateParts {
  /** False for `-T` alone: then nothing is shown, not even the space before it. */
  readonly any: boolean;
  readonly state: boolean;
  readonly queues: boolean;
}

/** How rows are laid out. */
export interface LsofFormat {
  /** `-t`, `-F`, or neither. */
  readonly kind: "table" | "terse" | "fields";
  /** The letters of `-F`. */
  readonly fields: ReadonlySet<string>;
  /** What ends a field: a newline, or NUL with `-F0`. */
  readonly terminator: "\n" | "\0";
  /** `+c`: at most this many characters of a command are in the table; 0 for no limit. */
  readonly commandWidth: number;
  readonly parent: boolean;
  readonly group: boolean;
  readonly linkCount: boolean;
  /** `+fg`, `+fG`. */
  readonly flags: "none" | "names" | "hex";
  /** `-s`, `-o`. */
  readonly sizeOrOffset: "either" | "size" | "offset";
  /** `-o N`: offsets with more digits are hexadecimal; 0 for no limit. */
  readonly offsetDigits: number;
  readonly stateParts: StateParts;
}

/** Looks names up. Each function returns `null` when the number is to be shown. */
export interface LsofNames {
  user(uid: number): string | null;
  host(address: string): string | null;
  service(port: number, protocol: string): string | null;
}
