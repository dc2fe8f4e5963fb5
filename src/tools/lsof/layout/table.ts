/**
 * The table of lsof 4.95. Every column is as wide as its content. COMMAND is aligned left, the others right.
 *
 * @module
 */
import { constant } from "../../../text/repeated.ts";
import { decimalLength } from "../../../text/digits.ts";
import { RowBuffer } from "../../../text/row_buffer.ts";
import type { Writer } from "../../../text/writer.ts";
import type { Cells } from "./cells.ts";
import type { FileRow, Files, FileWidths, LsofFormat, ProcessRow } from "../rows/row.ts";
import { commandCell, commandLength } from "./safe.ts";
import { SocketFiles } from "./socket_files.ts";
import { latin1Text } from "../../../text/encoding.ts";

/** A column between COMMAND and FD. Its cell is the same for all files of a process. */
interface ProcessColumn {
  readonly title: string;
  /** True for TASKCMD, the only one that is aligned left. */
  readonly left?: boolean;
  cell(process: ProcessRow): string;
}

/** A column from FD to NODE. */
interface FileColumn {
  readonly title: string;
  width(row: FileRow): number;
  write(row: FileRow, width: number, out: RowBuffer): void;
}

const BLANK = 0x20;
const STAR = 0x2a;
const OPEN = 0x28;
const CLOSE = 0x29;
const HYPHEN = 0x2d;
const ZERO = 0x30;
const NEWLINE = 0x0a;
const FLUSH_AT = 64 * 1024;
/** Columns for the number of a descriptor. */
const NUMBER_WIDTH = 4;
/** Columns for the access mode and the lock that follow it. */
const MODE_WIDTH = 2;

/** Writes a descriptor in four columns, as lsof 4.95 does: a number that is too long becomes `*` and its last three digits. */
function writeDescriptor({ descriptor }: FileRow, out: RowBuffer): void {
  if (typeof descriptor === "string") out.text(descriptor);
  else if (descriptor < 10 ** NUMBER_WIDTH) out.right(descriptor, NUMBER_WIDTH);
  else {
    out.byte(STAR);
    const digits = descriptor % 10 ** (NUMBER_WIDTH - 1);
    if (digits < 100) out.byte(ZERO);
    if (digits < 10) out.byte(ZERO);
    out.decimal(digits);
  }
}

/** A descriptor as text, without the blanks before it. */
export function descriptorText(row: FileRow): string {
  const out = new RowBuffer();
  writeDescriptor(row, out);
  return latin1Text(out.take()).trimStart();
}

const DESCRIPTOR: FileColumn = {
  title: "FD",
  width({ descriptor }) {
    if (typeof descriptor === "number") return NUMBER_WIDTH + MODE_WIDTH;
    // lsof writes these two with a space before them.
    const blank = descriptor === "cwd" || descriptor === "rtd" ? 1 : 0;
    return blank + descriptor.length + MODE_WIDTH;
  },
  write(row, width, out) {
    const { descriptor, access, lock } = row;
    const length = typeof descriptor === "number" ? NUMBER_WIDTH : descriptor.length;
    out.pad(out.length, width - length - MODE_WIDTH);
    writeDescriptor(row, out);
    if (lock !== " " && access === " ") out.byte(HYPHEN);
    else out.text(access);
    out.text(lock);
  },
};

/** A column of ASCII text or of numbers that are not negative. */
function column(title: string, value: (row: FileRow) => string | number | null): FileColumn {
  return {
    title,
    width(row) {
      const shown = value(row);
      return typeof shown === "number" ? decimalLength(shown) : shown === null ? 0 : shown.length;
    },
    write(row, width, out) {
      const shown = value(row);
      if (typeof shown === "number") out.right(shown, width);
      else if (shown === null) out.pad(out.length, width);
      else {
        out.pad(out.length, width - shown.length);
        out.text(shown);
      }
    },
  };
}

function processColumns(
  format: LsofFormat,
  cells: Cells,
  processes: readonly ProcessRow[],
): ProcessColumn[] {
  const list: ProcessColumn[] = [{ title: "PID", cell: ({ pid }) => String(pid) }];
  if (processes.some(({ tid }) => tid !== 0)) {
    list.push({ title: "TID", cell: ({ tid }) => tid === 0 ? "" : String(tid) });
  }
  if (processes.some(({ taskCommand }) => taskCommand !== null)) {
    const limit = format.commandWidth;
    const widest = Math.max(
      ...processes.map(({ taskCommand }) => commandLength(taskCommand ?? "")),
    );
    const width = Math.max("TASKCMD".length, limit > 0 ? Math.min(limit, widest) : widest);
    list.push({
      title: "TASKCMD",
      left: true,
      cell: ({ taskCommand }) => commandCell(taskCommand ?? "", width),
    });
  }
  if (format.parent) list.push({ title: "PPID", cell: ({ ppid }) => String(ppid) });
  if (format.group) list.push({ title: "PGID", cell: ({ pgid }) => String(pgid) });
  list.push({ title: "USER", cell: ({ uid }) => userCell(uid, cells) });
  return list;
}

function fileColumns(format: LsofFormat, cells: Cells): FileColumn[] {
  const list = [DESCRIPTOR, column("TYPE", ({ type }) => type)];
  if (format.flags !== "none") {
    const hex = format.flags === "hex";
    list.push(column("FILE-FLAG", (row) => cells.flags(row, hex)));
  }
  list.push(column("DEVICE", deviceCell));
  list.push(column(sizeTitle(format), ({ size, offset }) => {
    if (size !== null) return size;
    return offset === null ? null : cells.offset(offset);
  }));
  if (format.linkCount) {
    // In lsof a leading space is part of this cell.
    list.push(column("NLINK", ({ linkCount }) => linkCount === null ? null : ` ${linkCount}`));
  }
  list.push(column("NODE", ({ protocol, inode }) => protocol ?? inode));
  return list;
}

/** A user: a number fills eight columns, a name only its own width. */
function userCell(uid: number, cells: Cells): string {
  return cells.login(uid) ?? String(uid).padStart(8);
}

function deviceCell({ specialDevice, device, deviceText }: FileRow): string | number | null {
  const shown = specialDevice ?? device;
  return shown === null ? deviceText : `${shown.major},${shown.minor}`;
}

function sizeTitle({ sizeOrOffset }: LsofFormat): string {
  return sizeOrOffset === "size" ? "SIZE" : sizeOrOffset === "offset" ? "OFFSET" : "SIZE/OFF";
}

/** Writes the rows under a header; nothing when there are none. Throws what the writer throws. */
export function writeTable(
  processes: readonly ProcessRow[],
  format: LsofFormat,
  cells: Cells,
  writer: Writer,
): void {
  const shown = processes.filter(({ files }) => files.length > 0);
  if (shown.length === 0) return;
  const limit = format.commandWidth;
  let commandWidth = "COMMAND".length;
  for (const { command } of shown) {
    const length = commandLength(command || "(unknown)");
    commandWidth = Math.max(commandWidth, limit > 0 ? Math.min(limit, length) : length);
  }
  const heads = processColumns(format, cells, shown).map((column) => {
    const texts = shown.map((process) => column.cell(process));
    const width = texts.reduce((most, { length }) => Math.max(most, length), column.title.length);
    const align = (text: string) => column.left ? text.padEnd(width) : text.padStart(width);
    return { title: align(column.title), texts: texts.map(align) };
  });
  const columns = fileColumns(format, cells);
  const widths = columns.map(({ title }) => title.length);
  for (const { files } of shown) widen(widths, columns, files);
  const titles = columns.map(({ title }, i) => {
    const width = widths[i]!;
    // Mode and lock are two characters to the right of the title.
    return title === "FD" ? `${title.padStart(width - 2)}  ` : title.padStart(width);
  });
  const header = ["COMMAND".padEnd(commandWidth), ...heads.map(({ title }) => title), ...titles];
  writer.write(`${header.join(" ")} NAME\n`);
  // Files that know widths are only used when the table has exactly their columns: see gather/core_filter.ts.
  const fileWidths = widths as unknown as FileWidths;
  const out = new RowBuffer();
  for (const [i, process] of shown.entries()) {
    const command = commandCell(process.command || "(unknown)", commandWidth);
    const head = constant([command, ...heads.map(({ texts }) => texts[i]!), ""].join(" "));
    const { files } = process;
    if (files.writeRows?.(head, fileWidths, out, writer)) continue;
    for (let k = 0; k < files.length; k++) {
      out.bytes(head);
      const written = files instanceof SocketFiles && files.write(k, fileWidths, out);
      if (!written) writeRow(files.at(k)!, columns, widths, cells, out);
      out.byte(NEWLINE);
      if (out.length >= FLUSH_AT) out.flush(writer);
    }
  }
  out.flush(writer);
}

/** Makes the columns wide enough for the files of a process. */
function widen(widths: number[], columns: readonly FileColumn[], files: Files): void {
  const needed = files.widths ?? columns.map((column) => widest(column, files));
  for (let i = 0; i < widths.length; i++) widths[i] = Math.max(widths[i]!, needed[i]!);
}

function widest(column: FileColumn, files: Files): number {
  let widest = 0;
  for (let i = 0; i < files.length; i++) {
    const width = column.width(files.at(i)!);
    if (width > widest) widest = width;
  }
  return widest;
}

function writeRow(
  row: FileRow,
  columns: readonly FileColumn[],
  widths: readonly number[],
  cells: Cells,
  out: RowBuffer,
): void {
  for (let i = 0; i < columns.length; i++) {
    columns[i]!.write(row, widths[i]!, out);
    out.byte(BLANK);
  }
  writeName(row, cells, out);
}

function writeName(row: FileRow, cells: Cells, out: RowBuffer): void {
  const named = cells.writeName(row, out);
  if (row.state === null || !cells.showsState) return;
  const text = cells.stateText(row.state);
  // lsof 4.95 writes the space even when no state follows, as for UDP.
  if (named) out.byte(BLANK);
  if (text === "") return;
  out.byte(OPEN);
  out.text(text);
  out.byte(CLOSE);
}
