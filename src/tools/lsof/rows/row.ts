/**
 * Rows of lsof mode: processes and their open files, ready to be laid out.
 *
 * Text that a stranger chose is one character a byte here; safe.ts makes it printable when it is written.
 *
 * @module
 */
import type { Device } from "../../../../ffi/stat.ts";

/** One end of an internet socket. */
export interface InternetEnd {
  /** 4 also for an IPv4 address that an IPv6 socket uses. */
  readonly version: 4 | 6;
  /** Text form; `null` for the wildcard. */
  readonly address: string | null;
  /** 0 for none. */
  readonly port: number;
}

/** The two ends of an internet socket, made when they are asked for. */
export interface InternetEnds {
  /** `null` when neither address nor port is set. */
  readonly local: InternetEnd | null;
  /** `null` when there is none. */
  readonly peer: InternetEnd | null;
}

/** What a socket says of its connection. */
export interface SocketState {
  /** Name of the state; `null` where lsof shows none, which is all but TCP and unix. */
  readonly stateName: string | null;
  /** Bytes, or connections waiting; `null` where none are told. */
  readonly receiveQueue: number | null;
  readonly sendQueue: number | null;
}

/** An open file. */
export interface FileRow {
  /** The descriptor's number; `cwd`, `rtd`, `txt`, `mem`, `DEL` or `NOFD` where it is none. */
  readonly descriptor: number | string;
  /** `r`, `w`, `u`, or a space. */
  readonly access: string;
  /** Kind of lock, or a space. */
  readonly lock: string;
  readonly type: string;
  /** Flags of open(2); `null` when they were not read. */
  readonly flags: number | null;
  /** What is in the DEVICE column where there is no device number: a socket's address, or its inode. */
  readonly deviceText: string | number | null;
  readonly device: Device | null;
  readonly specialDevice: Device | null;
  readonly size: number | null;
  readonly offset: number | null;
  readonly linkCount: number | null;
  readonly inode: number | null;
  /** Internet or packet protocol in the NODE column, instead of an inode. */
  readonly protocol: string | null;
  readonly name: string | null;
  /** What is appended to the name: endpoints, errors. */
  additions: readonly string[];
  readonly ends: InternetEnds | null;
  readonly state: SocketState | null;
}

/** A row that is still being filled in. */
export type FileDraft = { -readonly [Key in keyof FileRow]: FileRow[Key] };

/** No additions. */
export const NO_ADDITIONS: readonly string[] = [];

/** Appends something to the name. */
export function addToName(row: FileRow, text: string): void {
  row.additions = [...row.additions, text];
}

/** A row about which nothing is known yet. */
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

/** Rows of one process: an array of them, or what is as good as one. */
export interface Files extends Iterable<FileRow> {
  readonly length: number;
  at(i: number): FileRow | undefined;
}

/** A process, or one of its tasks, with the files that are to be shown. */
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

/** Which parts of `-T` are to be shown. */
export interface StateParts {
  /** False for a bare `-T`: nothing is shown, not even the space before it. */
  readonly any: boolean;
  readonly state: boolean;
  readonly queues: boolean;
}

/** How rows are to look. */
export interface LsofFormat {
  /** `-t`, `-F`, or neither. */
  readonly kind: "table" | "terse" | "fields";
  /** Letters of `-F` that are to be shown. */
  readonly fields: ReadonlySet<string>;
  /** What ends a field: newline, or NUL with `-F0`. */
  readonly terminator: "\n" | "\0";
  /** `+c`: most characters of a command that the table shows; 0 for all. */
  readonly commandWidth: number;
  readonly parent: boolean;
  readonly group: boolean;
  readonly linkCount: boolean;
  /** `+fg`, `+fG`. */
  readonly flags: "none" | "names" | "hex";
  /** `-s`, `-o`. */
  readonly sizeOrOffset: "either" | "size" | "offset";
  /** `-o N`: longest offset in decimal; 0 for any. */
  readonly offsetDigits: number;
  readonly stateParts: StateParts;
}

/** Names for numbers; each answers with `null` where it is to be shown as a number. */
export interface LsofNames {
  user(uid: number): string | null;
  host(address: string): string | null;
  service(port: number, protocol: string): string | null;
}
