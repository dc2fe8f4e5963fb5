/**
 * SsTable: cells in, aligned rows out, as ss prints them.
 *
 * Cells are kept as bytes until the widths of their columns are known, then printed. ss keeps them in chunks of 1 MiB and
 * prints what it has when a row ends in the fifth; widths only grow, so later rows may be wider. Long output is the same
 * only when it is printed at the same points, so we count how ss would have filled its chunks.
 *
 * @module
 */
import { ByteBuffer } from "../../../text/byte_writer.ts";
import { sanitizeBytes } from "../../../text/sanitize.ts";
import type { Writer } from "../../../text/writer.ts";
import { ChunkCounter, chunkLength, CHUNKS_MAX } from "./chunks.ts";
import {
  COLUMN,
  type Column,
  COLUMN_STYLES,
  columnWidths,
  type Layout,
  layoutOf,
  LEFT,
  RIGHT,
} from "./columns.ts";
import { Ipv4Rows } from "./ipv4_rows.ts";
import { utf8Bytes } from "../../../text/encoding.ts";

/** The longest cell: its length is a u16. */
const CELL_MAX = 0xffff;
const LAST_COLUMN = COLUMN.extras;
const OUTPUT_SIZE = 256 * 1024;
/** Cells that are printed in one go. */
const PORTION = 8192;
/** IPv4 rows that are printed in one go. */
const ROW_PORTION = 1024;
const BLANK = 0x20;
const NEWLINE = 0x0a;

/** How a table is to look. */
interface SsTableOptions {
  readonly shown: readonly boolean[];
  /** Columns of the terminal; `null` where they are not known. */
  readonly screen: number | null;
  /** True when a person reads it: bytes from outside are made harmless. */
  readonly terminal: boolean;
}

/** Collects cells and prints them. */
export class SsTable extends ByteBuffer {
  readonly #out: Writer;
  readonly #shown: readonly boolean[];
  readonly #screen: number | null;
  readonly #terminal: boolean;
  readonly #longest = new Int32Array(COLUMN_STYLES.length);
  /** The last column before the extras that is shown: not padded when the screen's width is unknown. */
  readonly #lastOrdinary: number;

  // Cells one after the other, and where each ends. The columns they belong to follow from their order.
  #ends = new Int32Array(4096);
  #cells = 0;
  /** Where the current cell began. */
  #start = 0;
  #column = 0;
  #hidden: boolean;
  readonly #chunks = new ChunkCounter();
  /** Rows that are kept as numbers; `null` where columns may be cut or are too wide for one buffer. */
  readonly #ipv4: Ipv4Rows | null;
  /** Where they stand among the cells: pairs of how many cells come before a run of them, and how many of them. */
  #runs: number[] = [];
  #runsCells = -1;
  /** True from the ports of an IPv4 row to the beginning of the next row. */
  #inIpv4Row = false;
  /** The column after those of the ports. */
  readonly #behindPorts: Column;
  readonly #lengths = new Int32Array(LAST_COLUMN);

  /** Blanks, but for what was put into it. */
  #output = new Uint8Array(0);
  #outputLength = 0;
  /** Length from which on the output is sent. */
  #limit = 0;
  /** How far the cells were printed, and in which visible column the next one stands. */
  #printed = 0;
  #at = 0;

  constructor(out: Writer, options: SsTableOptions) {
    super();
    this.#out = out;
    this.#shown = options.shown;
    this.#screen = options.screen;
    this.#terminal = options.terminal;
    this.#hidden = !options.shown[0];
    this.#lastOrdinary = options.shown.lastIndexOf(true, LAST_COLUMN - 1);
    const { shown, screen } = options;
    this.#ipv4 = screen === null || screen >= 40 && screen <= 4096 ? new Ipv4Rows(shown) : null;
    this.#behindPorts = shown[COLUMN.process] ? COLUMN.process : LAST_COLUMN;
  }

  /** Prints the line of titles above everything else. Call it first. */
  header(): void {
    for (let i = 0; i < LAST_COLUMN; i++) {
      this.column(i as Column);
      this.text(COLUMN_STYLES[i]!.header);
    }
    this.column(LAST_COLUMN);
  }

  /**
   * Ends the current cell and goes on to `column`; cells between the two stay empty. Going to the current column does
   * nothing, going to an earlier one begins a row.
   */
  column(column: Column): void {
    while (this.#column !== column) {
      if (this.#column === LAST_COLUMN) {
        this.#endRow();
        continue;
      }
      if (this.#hidden) this.length = this.#start;
      else if (this.#inIpv4Row) this.#endProcess();
      else this.#flush(this.#column);
      this.#hidden = !this.#shown[++this.#column];
    }
  }

  #endRow(): void {
    if (this.#chunks.with(this.length - this.#start) >= CHUNKS_MAX) {
      this.render();
      return;
    }
    if (this.#inIpv4Row) this.#endIpv4Row();
    else this.#flush(LAST_COLUMN);
    this.#column = 0;
    this.#hidden = !this.#shown[0];
  }

  // Of an IPv4 row the column of processes is the only one before the last that is written to.
  #endProcess(): void {
    const length = this.#measure(COLUMN.process);
    this.#ipv4!.process = length;
    this.#chunks.add(length);
    this.#start = this.length;
  }

  #endIpv4Row(): void {
    const length = this.#measure(LAST_COLUMN);
    this.#ipv4!.extras = length;
    this.#chunks.add(length);
    this.#start = this.length;
    this.#inIpv4Row = false;
  }

  /**
   * Whole rows of numbers in one go, as most rows of a busy host are: what `writeStart` and two addresses with colon and port
   * would make of each. `words` holds {@linkcode IPV4_ROW_WORDS} words a row. Ends in {@linkcode COLUMN.process} of the last
   * where that is shown, else in {@linkcode COLUMN.extras}.
   *
   * Returns false, having done nothing, where rows have to be written in cells.
   */
  ipv4Rows(netid: string, words: Int32Array, count: number): boolean {
    const ipv4 = this.#ipv4;
    if (ipv4 === null) return false;
    ipv4.netid = netid;
    for (let row = 0; row < count;) {
      this.column(COLUMN.netid);
      if (this.#runsCells !== this.#cells) {
        this.#runsCells = this.#cells;
        this.#runs.push(this.#cells, ipv4.count);
      }
      const stopped = ipv4.add(words, row, count, this.#chunks.room);
      // The empty cell at the end of the last is counted when it ends.
      if (stopped > row) this.#chunks.fill(ipv4.used - chunkLength(0));
      else this.#addAtEdge(ipv4, words, row);
      row = Math.max(row + 1, stopped);
      this.#column = this.#behindPorts;
      this.#hidden = false;
      this.#inIpv4Row = true;
    }
    return true;
  }

  /** Adds a row of which it is not clear whether it fits into the chunk. */
  #addAtEdge(ipv4: Ipv4Rows, words: Int32Array, row: number): void {
    ipv4.add(words, row, row + 1, Infinity);
    const cells = ipv4.lengths(this.#lengths);
    for (let i = 0; i < cells; i++) this.#chunks.add(this.#lengths[i]!);
  }

  /** Returns the length of the current cell, which has ended. */
  #measure(column: number): number {
    let length = this.length - this.#start;
    if (length > this.#longest[column]!) {
      if (length > CELL_MAX) {
        length = CELL_MAX;
        this.length = this.#start + CELL_MAX;
      }
      this.#longest[column] = length;
    }
    return length;
  }

  /** Ends the current cell. */
  #flush(column: number): void {
    const length = this.#measure(column);
    // One more is kept free for the cell that is printed without having ended.
    if (this.#cells + 2 > this.#ends.length) {
      const ends = new Int32Array(this.#ends.length * 2);
      ends.set(this.#ends);
      this.#ends = ends;
    }
    this.#ends[this.#cells++] = this.length;
    this.#start = this.length;
    this.#chunks.add(length);
  }

  /** As UTF-8, made harmless where it goes to a terminal. */
  override utf8(text: string): void {
    this.bytes(utf8Bytes(text));
  }

  /** Bytes from outside, such as a path: as they are, but made harmless where they go to a terminal. */
  override bytes(from: Uint8Array, start = 0, end: number = from.length): void {
    if (this.#terminal && hasControl(from, start, end)) {
      super.bytes(utf8Bytes(sanitizeBytes(from.subarray(start, end))));
    } else super.bytes(from, start, end);
  }

  /** Prints the rows there are. The cell begun last is printed but not measured, as it never ended. */
  render(): void {
    if (this.#hidden) this.length = this.#start;
    if (this.#cells > 0 || this.length > 0 || this.#runs.length > 0) this.#print();
    this.#cells = 0;
    this.length = 0;
    this.#start = 0;
    this.#ipv4?.clear();
    this.#inIpv4Row = false;
    this.#runs = [];
    this.#runsCells = -1;
    this.#chunks.reset();
    this.#column = 0;
    this.#hidden = !this.#shown[0];
  }

  #print(): void {
    const ipv4 = this.#ipv4;
    ipv4?.measure(this.#longest);
    // The cell that was not ended, even when it is empty.
    const last = Math.min(this.length - this.#start, CELL_MAX);
    if (this.#inIpv4Row) ipv4!.extras = last;
    else this.#ends[this.#cells++] = this.#start + last;
    const layout = layoutOf(
      columnWidths(this.#longest, this.#shown, this.#screen),
      this.#shown,
      this.#screen === null ? this.#lastOrdinary : -1,
    );
    const ipv4RowLength = ipv4 === null ? 0 : ipv4.place(layout) + this.#longest[COLUMN.process]! +
      Math.max(last, this.#longest[LAST_COLUMN]!);
    this.#makeOutput(layout, last, ipv4RowLength);
    this.#printed = 0;
    this.#at = 0;
    let cell = 0;
    for (let run = 0; run < this.#runs.length; run += 2) {
      const cells = this.#runs[run]!;
      this.#layCells(layout, cell, cells);
      cell = cells;
      this.#layIpv4(this.#runs[run + 1]!, this.#runs[run + 3] ?? ipv4!.count, ipv4RowLength);
    }
    this.#layCells(layout, cell, this.#cells);
    if (this.#at > 0) this.#output[this.#outputLength++] = NEWLINE;
    this.#send(this.#outputLength);
    this.#outputLength = 0;
  }

  // In portions, so that the loop is compiled while it still has much to do.
  #layCells(layout: Layout, from: number, to: number): void {
    for (let cell = from; cell < to; cell += PORTION) {
      this.#lay(layout, cell, Math.min(cell + PORTION, to));
    }
  }

  #layIpv4(from: number, to: number, rowLength: number): void {
    const ipv4 = this.#ipv4!;
    ipv4.textAt = this.#printed;
    for (let row = from; row < to;) {
      const room = Math.floor((this.#output.length - this.#outputLength) / rowLength);
      if (room === 0) {
        this.#outputLength = this.#send(this.#outputLength);
        continue;
      }
      const end = Math.min(row + room, row + ROW_PORTION, to);
      this.#outputLength = ipv4.lay(this.#output, this.#outputLength, row, end, this.data);
      row = end;
    }
    if (this.#outputLength > this.#limit) this.#outputLength = this.#send(this.#outputLength);
    this.#printed = ipv4.textAt;
  }

  /** Room for what is printed at once, and for one more cell of any length there is. `last` is that of the unmeasured one. */
  #makeOutput({ widths }: Layout, last: number, ipv4RowLength: number): void {
    let longest = last;
    let row = 1;
    for (let i = 0; i < widths.length; i++) {
      longest = Math.max(longest, Math.min(widths[i]!, CELL_MAX));
      row += widths[i]! + 1;
    }
    // Cells are longer than their column where that was cut to the screen.
    for (let i = 0; i < this.#longest.length; i++) longest = Math.max(longest, this.#longest[i]!);
    const rows = Math.ceil(this.#cells / widths.length) + (this.#ipv4?.count ?? 0);
    this.#limit = Math.min(OUTPUT_SIZE, rows * row + longest);
    const size = this.#limit + Math.max(2 * longest + 4, ipv4RowLength);
    if (size > this.#output.length) this.#output = new Uint8Array(size).fill(BLANK);
  }

  #lay(layout: Layout, from: number, to: number): void {
    const { widths, delimiters, aligns } = layout;
    const last = widths.length - 1;
    const bytes = this.data;
    const ends = this.#ends;
    const output = this.#output;
    const limit = this.#limit;
    let out = this.#outputLength;
    let start = this.#printed;
    let at = this.#at;
    for (let cell = from; cell < to; cell++) {
      const end = ends[cell]!;
      const length = end - start;
      const missing = widths[at]! - length;
      if (out > limit) out = this.#send(out);
      if (missing > CELL_MAX) {
        this.#outputLength = out;
        this.#printWide(start, end, missing, delimiters[at] === 1, aligns[at] === RIGHT);
        out = 0;
      } else {
        // The output is all blanks already: they only need to be stepped over.
        out += delimiters[at]!;
        if (missing > 0 && aligns[at] === RIGHT) out += missing;
        if (length > 128) {
          output.set(bytes.subarray(start, end), out);
          out += length;
        } else for (let i = start; i < end; i++) output[out++] = bytes[i]!;
        if (missing > 0 && aligns[at] === LEFT) out += missing;
      }
      if (at === last) {
        output[out++] = NEWLINE;
        at = 0;
      } else at++;
      start = end;
    }
    this.#outputLength = out;
    this.#printed = start;
    this.#at = at;
  }

  #printWide(
    start: number,
    end: number,
    missing: number,
    delimited: boolean,
    right: boolean,
  ): void {
    const blanks = " ".repeat(missing);
    const text = utf8Bytes(`${delimited ? " " : ""}${right ? blanks : ""}`);
    this.#send(this.#outputLength);
    this.#out.writeBytes(text);
    this.#out.writeBytes(this.data.subarray(start, end));
    if (!right) this.#out.writeBytes(utf8Bytes(blanks));
    this.#outputLength = 0;
  }

  // Returns the length of what is left to be sent, which is nothing.
  #send(length: number): 0 {
    if (length > 0) this.#out.writeBytes(this.#output.subarray(0, length));
    this.#output.fill(BLANK, 0, length);
    return 0;
  }
}

// ss prints quotes and backslashes as they are; only what a terminal would act on is changed.
function hasControl(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte < 0x20 || byte >= 0x7f) return true;
  }
  return false;
}
