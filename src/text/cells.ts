/**
 * Cells: those of a whole table as bytes, until it is known how wide its columns have to be.
 *
 * @module
 */
import { RowBuffer } from "./row_buffer.ts";

const PIECE_SIZE = 256 * 1024;
const NOTHING = new Uint8Array(0);

/** Cells in the order of rows, within one in that of columns. Written once, then read once from the first row on. */
export class Cells {
  readonly #columns: number;
  /** What is written next. */
  readonly out = new RowBuffer();
  readonly #pieces: Uint8Array[] = [];
  /** Of each cell its length in bytes, and where that is another, its width. */
  readonly #lengths: Uint32Array;
  readonly #otherWidths = new Map<number, number>();
  #count = 0;
  #start = 0;
  #extraBytes = 0;
  /** The width of each column so far. */
  readonly widths: number[];
  /** Where reading is: the number of the row's first cell, and the piece that the row is in. */
  #row: number;
  #piece: Uint8Array = NOTHING;
  #nextPiece = 0;
  /** Where its cells begin, and at last where the next row does. */
  readonly #starts: Uint32Array;

  /** `least`: how wide each column has to be in any case. */
  constructor(columns: number, rows: number, least: readonly number[]) {
    this.#columns = columns;
    this.#row = -columns;
    this.#starts = new Uint32Array(columns + 1);
    this.#lengths = new Uint32Array(columns * rows);
    this.widths = [...least];
  }

  /** Ends the cell that was written since the last one, of this column. */
  end(column: number): void {
    const { out } = this;
    const length = out.length - this.#start;
    let width = length;
    if (out.extraBytes !== this.#extraBytes) {
      width -= out.extraBytes - this.#extraBytes;
      this.#extraBytes = out.extraBytes;
      this.#otherWidths.set(this.#count, width);
    }
    this.#lengths[this.#count++] = length;
    if (width > this.widths[column]!) this.widths[column] = width;
    this.#start = out.length;
    if (column === this.#columns - 1 && this.#start >= PIECE_SIZE) this.#endPiece();
  }

  #endPiece(): void {
    this.#pieces.push(this.out.take());
    this.#start = 0;
    this.#extraBytes = 0;
  }

  /** Moves to the next row. What is behind is forgotten. */
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
      at += this.#lengths[this.#row + i]!;
    }
    this.#starts[this.#columns] = at;
  }

  /**
   * Copies a cell of the row, with blanks up to the width of its column and then `gap` more; `null` for none behind it, as at
   * the end of a line.
   */
  copy(column: number, align: "left" | "right", gap: number | null, out: RowBuffer): void {
    const cell = this.#row + column;
    const length = this.#lengths[cell]!;
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
