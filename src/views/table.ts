/**
 * The listing as text: aligned and wrapped on a terminal, one socket per line in a pipe.
 *
 * It is written as bytes in two passes. The first writes the cells and measures the columns, the second joins the cells to
 * lines.
 *
 * @module
 */
import type { Socket } from "../model/socket.ts";
import type { Sockets } from "../model/sockets.ts";
import type { ListedRows } from "../store/listed_rows.ts";
import { SocketRows } from "../store/socket_rows.ts";
import {
  type Column,
  COLUMNS,
  NETNS_COLUMN,
  OWNERS_HEADER,
  type WordFrame,
  writeFullOwner,
  writeOwners,
  writeShortOwner,
} from "./columns.ts";
import type { CoreTable } from "./core_table.ts";
import { infoItems } from "./info.ts";
import { Cells } from "../text/cells.ts";
import { colorEnd, colorStart, paint, type Role } from "../text/color.ts";
import { RowBuffer } from "../text/row_buffer.ts";
import { cellWidth, pad } from "../text/width.ts";
import type { Writer } from "../text/writer.ts";

/** How to lay the listing out. */
interface TableOptions {
  /** Width of the terminal in cells; `null` for a pipe, where lines are not wrapped. */
  readonly width: number | null;
  readonly color: boolean;
  readonly header: boolean;
  /** False to leave out details that are known. Absent: they are shown. */
  readonly info?: boolean;
  /** Whether there is a column for the network namespace. Absent: where sockets are from several. */
  readonly netns?: boolean;
}

/** Between two columns. */
const GAP = "  ";
/** If the column of owners would be narrower than this, owners are put on lines below the socket. */
const OWNERS_MINIMUM = 18;
const INDENT = 4;
const BLANK = 0x20;
const NEWLINE = 0x0a;
const FLUSH_AT = 64 * 1024;

/** Writes the listing. Throws what the writer throws. */
export function writeTable(sockets: Sockets, writer: Writer, options: TableOptions): void {
  const { width, color, header, netns, info = true } = options;
  const out = new RowBuffer();
  const inCore = width === null && !color && sockets instanceof SocketRows ? sockets.listed : null;
  const others = inCore?.others ?? sockets;
  let table: PlainTable | TerminalTable;
  if (width !== null) table = new TerminalTable(others, out, color, header, width);
  else {
    table = new PlainTable(others, out, color, header, inCore === null ? netns : netns === true);
    if (inCore !== null) table.widen(inCore.listed);
  }
  if (header) table.writeHeader();
  if (table instanceof PlainTable) table.writeCore(writer);
  for (const socket of others) {
    table.writeSocket(socket);
    if (info) writeInfo(socket, out, color, width ?? Infinity);
    if (out.length >= FLUSH_AT) out.flush(writer);
  }
  out.flush(writer);
}

// Details are put below the socket, on as many lines as needed.
function writeInfo(socket: Socket, out: RowBuffer, color: boolean, width: number): void {
  if (!socket.info) return;
  let line = "";
  const end = () => {
    if (line !== "") out.utf8(`${" ".repeat(INDENT)}${paint(line, "dim", color)}\n`);
  };
  for (const item of infoItems(socket)) {
    if (line !== "" && INDENT + cellWidth(line) + 1 + cellWidth(item) > width) {
      end();
      line = item;
    } else line += line === "" ? item : ` ${item}`;
  }
  end();
}

/** The cells of all sockets as bytes, and the widths of the columns. */
class Layout {
  readonly columns: readonly Column[];
  readonly #cells: Cells;
  /** For each column, its number in the cells. */
  readonly #numbers: readonly number[];
  /** Width of all columns in cells, including the gap after the last. */
  readonly total: number;

  private constructor(columns: readonly Column[], numbers: readonly number[], cells: Cells) {
    this.columns = columns;
    this.#numbers = numbers;
    this.#cells = cells;
    this.total = numbers.reduce((sum, number) => sum + cells.widths[number]! + GAP.length, 0);
  }

  /** A layout with all columns that these sockets need. */
  static of(sockets: Sockets, header: boolean, netns?: boolean): Layout {
    // The namespace is left out if it is the same for all sockets.
    const first = sockets.length === 0 ? undefined : sockets.at(0)!.netns?.inode;
    const columns = netns ?? sockets.some(({ netns }) => netns?.inode !== first)
      ? [NETNS_COLUMN, ...COLUMNS]
      : COLUMNS;
    const least = columns.map((column) => header ? column.header.length : 0);
    const cells = new Cells(columns.length, sockets.length, least);
    for (const socket of sockets) {
      for (let i = 0; i < columns.length; i++) {
        columns[i]!.write(socket, cells.out);
        cells.end(i);
      }
    }
    return new Layout(columns, columns.map((_, i) => i), cells);
  }

  /** The layout with only the wanted columns. */
  filter(wanted: (column: Column) => boolean): Layout {
    return new Layout(
      this.columns.filter(wanted),
      this.#numbers.filter((_, i) => wanted(this.columns[i]!)),
      this.#cells,
    );
  }

  /** The header line. `alone`: nothing follows on the line. */
  header(color: boolean, alone: boolean): string {
    const last = alone ? this.columns.length - 1 : -1;
    return this.columns.map(({ header, align }, i) => {
      const width = this.#cells.widths[this.#numbers[i]!]!;
      const cell = i === last && align === "left" ? header : pad(header, width, align);
      return paint(cell, "header", color) + (i === last ? "" : GAP);
    }).join("");
  }

  /** Width of each column in cells. */
  get widths(): readonly number[] {
    return this.#cells.widths;
  }

  /** Makes the columns wider, before any row is written. */
  widen(widths: readonly number[]): void {
    for (const [i, width] of widths.entries()) {
      this.#cells.widths[i] = Math.max(this.#cells.widths[i]!, width);
    }
  }

  /** Writes the line of a socket that is not among the cells, without its owners. */
  writeOne(socket: Socket, out: RowBuffer): void {
    const cell = new RowBuffer();
    for (const [i, { align, write }] of this.columns.entries()) {
      write(socket, cell);
      const missing = this.widths[i]! - cell.cells;
      const before = align === "left" ? 0 : missing;
      const bytes = cell.take();
      out.cell(bytes, 0, bytes.length, before, missing - before + GAP.length);
    }
  }

  /** Writes the line of the next socket without its owners. `alone`: they do not follow on the line. */
  write(socket: Socket, out: RowBuffer, color: boolean, alone: boolean): void {
    const cells = this.#cells;
    const last = alone ? this.columns.length - 1 : -1;
    cells.nextRow();
    for (let i = 0; i < this.columns.length; i++) {
      const column = this.columns[i]!;
      const number = this.#numbers[i]!;
      if (!color) cells.copy(number, column.align, i === last ? null : GAP.length, out);
      else {
        const role = column.role(socket);
        out.text(colorStart(role));
        cells.copy(number, column.align, i === last ? null : 0, out);
        out.text(colorEnd(role));
        if (i !== last) out.text(GAP);
      }
    }
  }
}

/** The form for a pipe: lines are not wrapped, and owners are written with their descriptors. */
class PlainTable implements WordFrame {
  readonly #out: RowBuffer;
  readonly #color: boolean;
  readonly #layout: Layout;
  /** Rows that the core writes; `null` where there are none. */
  #core: CoreTable | null = null;
  #first = true;

  constructor(
    sockets: Sockets,
    out: RowBuffer,
    color: boolean,
    header: boolean,
    netns: boolean | undefined,
  ) {
    this.#out = out;
    this.#color = color;
    this.#layout = Layout.of(sockets, header, netns);
  }

  writeHeader(): void {
    const owners = paint(OWNERS_HEADER, "header", this.#color);
    this.#out.text(`${this.#layout.header(this.#color, false)}${owners}\n`);
  }

  /** Makes the columns as wide as rows need that the core has, which come before the others. */
  widen(listed: ListedRows): void {
    const { CoreTable } = require("./core_table.ts") as typeof import("./core_table.ts");
    const layout = this.#layout;
    this.#core = new CoreTable(listed, layout.columns, layout.widths);
    layout.widen(this.#core.widths);
  }

  /** Writes the rows that the core has, if it has any. Throws what the writer throws. */
  writeCore(writer: Writer): void {
    const foreign = (socket: Socket) => {
      this.#layout.writeOne(socket, this.#out);
      this.#writeOwners(socket);
    };
    this.#core?.write(foreign, this.#out, writer);
  }

  writeSocket(socket: Socket): void {
    this.#layout.write(socket, this.#out, this.#color, false);
    this.#writeOwners(socket);
  }

  #writeOwners(socket: Socket): void {
    this.#first = true;
    writeOwners(socket, this.#out, writeFullOwner, this);
    this.#out.byte(NEWLINE);
  }

  begin(): void {
    if (!this.#first) this.#out.byte(BLANK);
    this.#first = false;
  }

  end(): void {}
}

/** The form for a terminal: columns that fit, and owners on as many lines as needed. */
class TerminalTable implements WordFrame {
  readonly #out: RowBuffer;
  readonly #color: boolean;
  readonly #layout: Layout;
  /** True if owners stand beside the other columns, false if below. */
  readonly #beside: boolean;
  /** The column where owners begin, and how much room they have. */
  readonly #start: number;
  readonly #room: number;
  /** How many cells of that room are used on this line. */
  #used = 0;
  /** Of the word being written: where its separator begins, its role, and where its text begins. */
  #separator = 0;
  #role: Role = "plain";
  #cells = 0;

  constructor(sockets: Sockets, out: RowBuffer, color: boolean, header: boolean, width: number) {
    this.#out = out;
    this.#color = color;
    this.#layout = fit(Layout.of(sockets, header), sockets, width);
    const { total } = this.#layout;
    this.#beside = width - total >= OWNERS_MINIMUM;
    this.#start = this.#beside ? total : INDENT;
    this.#room = width - this.#start;
  }

  writeHeader(): void {
    const owners = this.#beside ? paint(OWNERS_HEADER, "header", this.#color) : "";
    this.#out.text(`${this.#layout.header(this.#color, !this.#beside)}${owners}\n`);
  }

  writeSocket(socket: Socket): void {
    const out = this.#out;
    this.#layout.write(socket, out, this.#color, !this.#beside);
    if (!this.#beside) this.#newLine();
    this.#used = 0;
    writeOwners(socket, out, writeShortOwner, this);
    out.byte(NEWLINE);
  }

  #newLine(): void {
    this.#out.byte(NEWLINE);
    this.#out.pad(this.#out.length, this.#start);
  }

  begin(role: Role): void {
    const out = this.#out;
    this.#separator = out.length;
    if (this.#used > 0) out.byte(BLANK);
    this.#role = this.#color ? role : "plain";
    out.text(colorStart(this.#role));
    this.#cells = out.cells;
  }

  end(): void {
    const out = this.#out;
    const width = out.cells - this.#cells;
    out.text(colorEnd(this.#role));
    if (this.#used === 0) this.#used = width;
    else if (this.#used + 1 + width <= this.#room) this.#used += 1 + width;
    else {
      const word = out.since(this.#separator + 1);
      out.length = this.#separator;
      this.#newLine();
      out.bytes(word);
      this.#used = width;
    }
  }
}

// A peer column that is empty in all rows is dropped. Queues, reach and state are dropped in this order until owners fit
// beside the rest. If they never fit, owners are put below, and only as many columns are dropped as the width demands.
function fit(layout: Layout, sockets: Sockets, width: number): Layout {
  const peers = sockets.some(({ peer }) => peer !== null);
  const whole = layout.filter(({ header }) => header !== "PEER" || peers);
  const choices = [whole];
  for (let most = 3; most >= 1; most--) {
    choices.push(whole.filter(({ expendable }) => expendable === null || expendable < most));
  }
  return choices.find(({ total }) => total + OWNERS_MINIMUM <= width) ??
    choices.find(({ total }) => total - GAP.length <= width) ??
    // If no choice fits, keeping the state is better than a line that is a little shorter.
    choices.at(-2)!;
}
