/**
 * The output of `-F`: fields of a letter and a value each, first those of the process, then those of each file.
 *
 * @module
 */
import type { Device } from "../../../../ffi/stat.ts";
import type { Writer } from "../../../text/writer.ts";
import type { Cells } from "./cells.ts";
import type { FileRow, LsofFormat, ProcessRow } from "../rows/row.ts";
import { descriptorText } from "./table.ts";

/** The letters, and what `-F?` says of each. */
export const FIELD_HELP: readonly (readonly [letter: string, help: string])[] = [
  ["a", "access mode: r read, w write, u both"],
  ["c", "command"],
  ["C", "share count of the file structure (never on Linux)"],
  ["d", "device characters"],
  ["D", "device number, hexadecimal"],
  ["f", "file descriptor"],
  ["F", "address of the file structure (never on Linux)"],
  ["g", "process group ID"],
  ["G", "flags of the open file"],
  ["i", "inode number"],
  ["k", "link count"],
  ["K", "task ID"],
  ["l", "lock: r or R read, w or W write; upper case for the whole file"],
  ["L", "login name"],
  ["m", "marker between repetitions"],
  ["M", "command of the task"],
  ["n", "name or addresses"],
  ["N", "identifier of the node (never on Linux)"],
  ["o", "offset: 0t and decimal, or 0x and hexadecimal"],
  ["p", "process ID (always shown)"],
  ["P", "protocol"],
  ["r", "number of the device that the file stands for, hexadecimal"],
  ["R", "parent process ID"],
  ["s", "size in bytes"],
  ["S", "stream (never on Linux)"],
  ["t", "type"],
  ["T", "state and queues of a socket"],
  ["u", "user ID"],
  ["z", "zone (never on Linux)"],
  ["Z", "security context (not shown)"],
  ["0", "NUL after each field instead of a newline"],
];

/** The letters of `-F` alone: all except r, the device that a file stands for. */
export const DEFAULT_FIELDS = "acdDfgGikKlLmMnopPRsStTu";

/** A device number as a dev_t: the low 8 bits of minor, then major from bit 8, the rest of minor from bit 20. */
function deviceNumber({ major, minor }: Device): string {
  return `0x${((minor & 0xff) + major * 0x100 + (minor >>> 8) * 0x10_0000).toString(16)}`;
}

/** Writes the fields of every process that has files to list. */
export function writeFields(
  processes: readonly ProcessRow[],
  format: LsofFormat,
  cells: Cells,
  out: Writer,
): void {
  const { fields, terminator } = format;
  // With -F0 a newline ends the fields of a process or file.
  const setEnd = terminator === "\0" ? "\n" : "";
  for (const process of processes) {
    if (process.files.length === 0) continue;
    let text = `p${process.pid}${terminator}`;
    const add = (letter: string, value: string | number | null) => {
      if (value !== null && fields.has(letter)) text += `${letter}${value}${terminator}`;
    };
    add("K", process.tid === 0 ? null : process.tid);
    add("M", process.taskCommand);
    add("g", format.group ? process.pgid : null);
    add("R", format.parent ? process.ppid : null);
    add("c", cells.safe(process.command));
    add("u", process.uid);
    if (fields.has("L")) add("L", cells.login(process.uid));
    out.write(text + setEnd);
    for (const row of process.files) {
      text = "";
      addFile(row, format, cells, add);
      if (text !== "") out.write(text + setEnd);
    }
  }
}

function addFile(
  row: FileRow,
  format: LsofFormat,
  cells: Cells,
  add: (letter: string, value: string | number | null) => void,
): void {
  const { fields } = format;
  add("f", descriptorText(row));
  add("a", row.access);
  add("l", row.lock);
  add("t", row.type === "" ? null : row.type);
  if (fields.has("G") && row.flags !== null) add("G", cells.flags(row, format.flags !== "names"));
  add("d", row.deviceText === "" ? null : row.deviceText);
  add("D", row.device === null ? null : deviceNumber(row.device));
  add("r", row.specialDevice === null ? null : deviceNumber(row.specialDevice));
  add("s", row.size);
  if (row.offset !== null) add("o", cells.offset(row.offset));
  add("i", row.inode);
  add("k", row.linkCount);
  add("P", row.protocol);
  if (fields.has("n")) add("n", cells.name(row));
  if (fields.has("T")) { for (const item of cells.stateItems(row)) add("T", item); }
}
