/**
 * Cells: all cells of a table as bytes, kept until the widths of its columns are known.
 *
 * @module
 */
import { RowBuffer } from "./row_buffer.ts";

const PIECE_SIZE = 256 * 1024;
const NOTHING = new Uint8Array(0);
/** Stands for a length that does not fit into one byte. With a million rows, each byte of a length is 7 MB. */
const LONG = 0xff;

/** Cells row by row, and within a row column by column. They are written once, then read once from the first row on. */
export class Cells {
  readonly #columns: number;
  /** Where the next cell is written to. */
  readonly out = new RowBuffer();
  readonly #pieces: Uint8Array[] = [];
  /** The length of each cell in bytes, or {@linkcode LONG}; and its width in terminal cells, where that is not the same. */
  readonly #lengths: Uint8Array;
  readonly #longLengths = new Map<number, number>();
  readonly #otherWidths = new Map<number, number>();
  #count = 0;
  #start = 0;
  #extraBytes = 0;
  /** The width of each column so far. */
  readonly widths: number[];
  /** The row that is being read: the number of its first cell, and the piece that it is in. */
  #row: number;
  #piece: Uint8Array = NOTHING;
  #nextPiece = 0;
  /** Where in the piece its cells begin; the last entry is where the next row begins. */
  readonly #starts: Uint32Array;

  /** `least`: how wide each column is at least. */
  constructor(columns: number, rows: number, least: readonly number[]) {
    this.#columns = columns;
    this.#row = -columns;
    this.#starts = new Uint32Array(columns + 1);
    this.#lengths = new Uint8Array(columns * rows);
    this.widths = [...least];
  }

  /** Ends the cell of this column: what was written since the cell before. */
  end(column: number): void {
    const { out } = this;
    const length = out.length - this.#start;
    let width = length;
    if (out.extraBytes !== this.#extraBytes) {
      width -= out.extraBytes - this.#extraBytes;
      this.#extraBytes = out.extraBytes;
      this.#otherWidths.set(this.#count, width);
    }
    if (length >= LONG) this.#longLengths.set(this.#count, length);
    this.#lengths[this.#count++] = Math.min(length, LONG);
    if (width > this.widths[column]!) this.widths[column] = width;
    this.#start = out.length;
    if (column === this.#columns - 1 && this.#start >= PIECE_SIZE) this.#endPiece();
  }

  #endPiece(): void {
    this.#pieces.push(this.out.take());
    this.#start = 0;
    this.#extraBytes = 0;
  }

  /** Moves to the next row. Rows before it are forgotten. */
  nextRow(): void {
    if (this.out.length > 0) this.#endPiece();
    let at = this.#starts[this.#columns]!;
    this.#row += this.#columns;
    if (at === this.#piece.length) {
      this.#piece = this.#pieces[this.#nextPiece]!;
      this.#pieces[this.#nextPiece++] = NOTHING;
      at = 0;
    }
    for (let i = 0; i < this.#columns; i++) {
      this.#starts[i] = at;
      at += this.#lengthOf(this.#row + i);
    }
    this.#starts[this.#columns] = at;
  }

  #lengthOf(cell: number): number {
    const length = this.#lengths[cell]!;
    return length === LONG ? this.#longLengths.get(cell)! : length;
  }

  /**
   * Copies a cell of the row, filled up to the width of its column, and `gap` more blanks. With `null` no blank follows it, as
   * at the end of a line.
   */
  copy(column: number, align: "left" | "right", gap: number | null, out: RowBuffer): void {
    const cell = this.#row + column;
    const length = this.#lengthOf(cell);
    const width = this.#otherWidths.size === 0 ? length : this.#otherWidths.get(cell) ?? length;
    const missing = this.widths[column]! - width;
    const before = align === "left" ? 0 : missing;
    out.cell(
      this.#piece,
      this.#starts[column]!,
      length,
      before,
      gap === null ? 0 : missing - before + gap,
    );
  }
}
