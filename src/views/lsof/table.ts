/**
 * The table of lsof 4.95: every column as wide as its content, COMMAND at the left, the rest at the right.
 *
 * @module
 */
import type { Writer } from "../text/writer.ts";
import type { Cells } from "./cells.ts";
import type { FileRow, LsofFormat, ProcessRow } from "./row.ts";
import { commandCell, commandLength } from "./safe.ts";

/** One column between COMMAND and NAME. */
interface Column {
  readonly title: string;
  /** Right unless TASKCMD. */
  readonly left?: boolean;
  /** Gives a process's cell, the same for all its files; without it the cell is the file's. */
  readonly ofProcess?: (process: ProcessRow) => string;
  readonly ofFile?: (row: FileRow) => string;
}

/** The number of a descriptor as lsof 4.95 writes it: four columns, the last three digits of one that has more. */
export function descriptorText(row: FileRow): string {
  // lsof spells these two with a space before them.
  if (row.descriptor === "cwd" || row.descriptor === "rtd") return ` ${row.descriptor}`;
  if (!row.numbered) return row.descriptor;
  return row.descriptor.length > 4 ? `*${row.descriptor.slice(-3)}` : row.descriptor.padStart(4);
}

function modeText({ access, lock }: FileRow): string {
  return (lock !== " " && access === " " ? "-" : access) + lock;
}

function columns(format: LsofFormat, cells: Cells, processes: readonly ProcessRow[]): Column[] {
  const list: Column[] = [{ title: "PID", ofProcess: ({ pid }) => String(pid) }];
  if (processes.some(({ tid }) => tid !== 0)) {
    list.push({ title: "TID", ofProcess: ({ tid }) => tid === 0 ? "" : String(tid) });
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
      ofProcess: ({ taskCommand }) => commandCell(taskCommand ?? "", width),
    });
  }
  if (format.parent) list.push({ title: "PPID", ofProcess: ({ ppid }) => String(ppid) });
  if (format.group) list.push({ title: "PGID", ofProcess: ({ pgid }) => String(pgid) });
  list.push({ title: "USER", ofProcess: ({ uid }) => userCell(uid, cells) });
  list.push({ title: "FD", ofFile: (row) => descriptorText(row) + modeText(row) });
  list.push({ title: "TYPE", ofFile: (row) => row.type });
  if (format.flags !== "none") {
    list.push({ title: "FILE-FLAG", ofFile: (row) => cells.flags(row, format.flags === "hex") });
  }
  list.push({ title: "DEVICE", ofFile: (row) => deviceCell(row) });
  list.push({ title: sizeTitle(format), ofFile: (row) => sizeCell(row, cells) });
  if (format.linkCount) {
    list.push({
      title: "NLINK",
      // lsof counts a leading space into the column.
      ofFile: ({ linkCount }) => linkCount === null ? "" : ` ${linkCount}`,
    });
  }
  list.push({ title: "NODE", ofFile: (row) => row.protocol ?? String(row.inode ?? "") });
  return list;
}

// A number is written into eight columns, a name as it is.
function userCell(uid: number, cells: Cells): string {
  return cells.login(uid) ?? String(uid).padStart(8);
}

function deviceCell({ specialDevice, device, deviceText }: FileRow): string {
  const shown = specialDevice ?? device;
  return shown === null ? deviceText ?? "" : `${shown.major},${shown.minor}`;
}

function sizeTitle({ sizeOrOffset }: LsofFormat): string {
  return sizeOrOffset === "size" ? "SIZE" : sizeOrOffset === "offset" ? "OFFSET" : "SIZE/OFF";
}

function sizeCell(row: FileRow, cells: Cells): string {
  if (row.size !== null) return String(row.size);
  return row.offset === null ? "" : cells.offset(row.offset);
}

/** Writes the rows under a header; nothing when there are none. */
export function writeTable(
  processes: readonly ProcessRow[],
  format: LsofFormat,
  cells: Cells,
  out: Writer,
): void {
  const shown = processes.filter(({ files }) => files.length > 0);
  if (shown.length === 0) return;
  const limit = format.commandWidth;
  let commandWidth = "COMMAND".length;
  for (const { command } of shown) {
    const length = commandLength(command || "(unknown)");
    commandWidth = Math.max(commandWidth, limit > 0 ? Math.min(limit, length) : length);
  }
  const list = columns(format, cells, shown);
  const ofProcess = list.filter((column) => column.ofProcess !== undefined);
  const ofFile = list.filter((column) => column.ofFile !== undefined);
  const widths = new Map(list.map((column) => [column, column.title.length]));
  const heads = shown.map((process) =>
    ofProcess.map((column) => {
      const text = column.ofProcess!(process);
      widths.set(column, Math.max(widths.get(column)!, text.length));
      return text;
    })
  );
  // One column after the other, each cell worked out once.
  const bodies = ofFile.map((column) => {
    const { ofFile } = column;
    const cells: string[] = [];
    let width = widths.get(column)!;
    for (const { files } of shown) {
      for (const row of files) {
        const text = ofFile!(row);
        if (text.length > width) width = text.length;
        cells.push(text);
      }
    }
    widths.set(column, width);
    return { cells, width };
  });
  const titles = list.map((column) => {
    const { title, left } = column;
    const width = widths.get(column)!;
    // The two characters for mode and lock stand right of the title.
    if (title === "FD") return `${title.padStart(width - 2)}  `;
    return left ? title.padEnd(width) : title.padStart(width);
  });
  out.write(`${"COMMAND".padEnd(commandWidth)} ${titles.join(" ")} NAME\n`);
  let at = 0;
  for (const [i, process] of shown.entries()) {
    let head = commandCell(process.command || "(unknown)", commandWidth);
    for (const [k, column] of ofProcess.entries()) {
      head += ` ${heads[i]![k]!.padStart(widths.get(column)!)}`;
    }
    const { files } = process;
    for (let k = 0; k < files.length; k++, at++) {
      let text = head;
      for (let n = 0; n < bodies.length; n++) {
        const { cells, width } = bodies[n]!;
        const cell = cells[at]!;
        text += cell.length === width ? " " + cell : " " + cell.padStart(width);
      }
      out.write(text + " " + nameCell(files[k]!, cells) + "\n");
    }
  }
}

function nameCell(row: FileRow, cells: Cells): string {
  const name = cells.name(row);
  if (row.state === null || !cells.showsState) return name;
  const text = cells.stateText(row.state);
  // A space stands there even when nothing follows: UDP has no state in 4.95.
  const space = name === "" ? "" : " ";
  return text === "" ? name + space : `${name}${space}(${text})`;
}
