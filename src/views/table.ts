/**
 * The listing as text: aligned and wrapped on a terminal, one socket a line in a pipe.
 *
 * @module
 */
import type { Socket } from "../model/socket.ts";
import {
  type Column,
  COLUMNS,
  fullOwner,
  holders,
  NETNS_COLUMN,
  OWNERS_HEADER,
  shortOwner,
} from "./columns.ts";
import { infoItems } from "./info.ts";
import { paint, type Role } from "./text/color.ts";
import { cellWidth, pad } from "./text/width.ts";
import type { Writer } from "./text/writer.ts";

/** How to lay the listing out. */
export interface TableOptions {
  /** Width of the terminal in cells; `null` for a pipe, which gets every line whole. */
  readonly width: number | null;
  readonly color: boolean;
  readonly header: boolean;
}

/** Between two columns. */
const GAP = "  ";
/** Owners get a column of their own while it can be this wide; below that they go to lines under the socket. */
const OWNERS_MINIMUM = 18;
const INDENT = 4;

/** Writes the listing. Throws what the writer throws. */
export function writeTable(
  sockets: readonly Socket[],
  writer: Writer,
  options: TableOptions,
): void {
  if (options.width === null) writePlain(sockets, writer, options);
  else new TerminalTable(sockets, options.width, options.color).write(writer, options.header);
}

// A column that says the same of every socket is left out.
function columnsFor(sockets: readonly Socket[]): readonly Column[] {
  const first = sockets[0]?.netns?.inode;
  return sockets.some(({ netns }) => netns?.inode !== first) ? [NETNS_COLUMN, ...COLUMNS] : COLUMNS;
}

function writePlain(
  sockets: readonly Socket[],
  writer: Writer,
  { header, color }: TableOptions,
): void {
  const layout = new Layout(columnsFor(sockets), sockets, header);
  if (header) writer.write(`${layout.header(color)}${paint(OWNERS_HEADER, "header", color)}\n`);
  for (const [i, socket] of sockets.entries()) {
    const { owners, peerOwners } = socket;
    const held = owners.length === 1 && peerOwners === null
      ? fullOwner(owners[0]!)
      : holders(socket, fullOwner).map(({ text }) => text).join(" ");
    writer.write(`${layout.row(i, color)}${held}\n`);
    writeInfo(socket, writer, color, Infinity);
  }
}

// Under its socket, on as many lines as it takes.
function writeInfo(socket: Socket, writer: Writer, color: boolean, width: number): void {
  let line = "";
  const end = () => {
    if (line !== "") writer.write(`${" ".repeat(INDENT)}${paint(line, "dim", color)}\n`);
  };
  for (const item of infoItems(socket)) {
    if (line !== "" && INDENT + cellWidth(line) + 1 + cellWidth(item) > width) {
      end();
      line = item;
    } else line += line === "" ? item : ` ${item}`;
  }
  end();
}

/** The cells of a set of sockets, and how wide the columns have to be. */
class Layout {
  readonly columns: readonly Column[];
  readonly #sockets: readonly Socket[];
  /** By column, then by socket. */
  readonly #cells: readonly (readonly string[])[];
  readonly #widths: readonly number[];
  /** Cells that all columns take, with the gap behind the last. */
  readonly total: number;

  constructor(columns: readonly Column[], sockets: readonly Socket[], header: boolean) {
    this.columns = columns;
    this.#sockets = sockets;
    this.#cells = columns.map((column) => sockets.map((socket) => column.text(socket)));
    this.#widths = columns.map((column, i) => {
      let width = header ? column.header.length : 0;
      for (const text of this.#cells[i]!) {
        // No text is wider than twice its length, and most are not longer than the longest before.
        if (text.length * 2 > width) width = Math.max(width, cellWidth(text));
      }
      return width;
    });
    this.total = this.#widths.reduce((sum, width) => sum + width + GAP.length, 0);
  }

  header(color: boolean): string {
    return this.#line((i) => this.columns[i]!.header, () => "header", color);
  }

  /** The line of socket `row`, but for its owners. */
  row(row: number, color: boolean): string {
    return this.#line(
      (i) => this.#cells[i]![row]!,
      (i) => this.columns[i]!.role(this.#sockets[row]!),
      color,
    );
  }

  #line(text: (column: number) => string, role: (column: number) => Role, color: boolean): string {
    let line = "";
    for (let i = 0; i < this.columns.length; i++) {
      const cell = pad(text(i), this.#widths[i]!, this.columns[i]!.align);
      line += (color ? paint(cell, role(i), true) : cell) + GAP;
    }
    return line;
  }
}

class TerminalTable {
  readonly #sockets: readonly Socket[];
  readonly #width: number;
  readonly #color: boolean;

  constructor(sockets: readonly Socket[], width: number, color: boolean) {
    this.#sockets = sockets;
    this.#width = width;
    this.#color = color;
  }

  write(writer: Writer, header: boolean): void {
    const layout = this.#fit(header);
    const beside = this.#width - layout.total >= OWNERS_MINIMUM;
    const start = beside ? layout.total : INDENT;
    if (header) {
      const owners = beside ? paint(OWNERS_HEADER, "header", this.#color) : "";
      writer.write(`${layout.header(this.#color)}${owners}`.trimEnd() + "\n");
    }
    for (const [i, socket] of this.#sockets.entries()) {
      const row = layout.row(i, this.#color);
      const owners = this.#owners(socket, this.#width - start);
      if (beside) writer.write(row + owners.join(`\n${" ".repeat(start)}`) + "\n");
      else {
        const below = owners.map((line) => `${" ".repeat(start)}${line}\n`);
        writer.write(`${row.trimEnd()}\n${below.join("")}`);
      }
      writeInfo(socket, writer, this.#color, this.#width);
    }
  }

  // A peer column that is empty throughout is noise; queues, reach and state go when there is no room.
  #fit(header: boolean): Layout {
    let columns = columnsFor(this.#sockets).filter((column) =>
      column.header !== "PEER" || this.#sockets.some((socket) => socket.peer !== null)
    );
    let layout = new Layout(columns, this.#sockets, header);
    while (layout.total + OWNERS_MINIMUM > this.#width) {
      const worst = Math.max(...columns.map((column) => column.expendable ?? 0));
      if (worst === 0) break;
      columns = columns.filter((column) => column.expendable !== worst);
      layout = new Layout(columns, this.#sockets, header);
    }
    return layout;
  }

  #owners(socket: Socket, room: number): string[] {
    const lines: string[] = [];
    let line = "";
    let used = 0;
    for (const { text, role } of holders(socket, shortOwner)) {
      const width = cellWidth(text);
      if (used > 0 && used + 1 + width > room) {
        lines.push(line);
        line = "";
        used = 0;
      }
      line += (used > 0 ? " " : "") + paint(text, role, this.#color);
      used += (used > 0 ? 1 : 0) + width;
    }
    lines.push(line);
    return lines;
  }
}
