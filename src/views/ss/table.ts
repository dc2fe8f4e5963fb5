/**
 * SsTable: cells in, aligned rows out, as ss prints them.
 *
 * Cells are kept as bytes until their columns' widths are known, then printed. ss keeps them in chunks of 1 MiB and prints
 * what it has when a row ends in the fifth; widths only grow, so what comes later may be set wider. Where the bytes
 * would be in those chunks is reckoned along, because otherwise long output would differ.
 *
 * @module
 */
import { COLUMN, type Column, type SsCells } from "../../families/ss_row.ts";
import { sanitizeBytes } from "../text/sanitize.ts";
import type { Writer } from "../text/writer.ts";
import { COLUMN_STYLES, columnWidths } from "./layout.ts";

/** A chunk of ss, less its own header. */
const CHUNK_SIZE = 1024 * 1024 - 16;
const CHUNKS_MAX = 5;
/** The longest cell: its length is a u16. */
const CELL_MAX = 0xffff;
/** The length before each cell. */
const LENGTH_SIZE = 2;
const LAST_COLUMN = COLUMN.extras;
const OUTPUT_SIZE = 256 * 1024;
const BLANK = 0x20;
const NEWLINE = 0x0a;
const encoder = new TextEncoder();

/** How a table is to look. */
export interface SsTableOptions {
  readonly shown: readonly boolean[];
  /** Columns of the terminal; `null` where nobody knows. */
  readonly screen: number | null;
  /** True when a person reads it: bytes from outside are made harmless. */
  readonly terminal: boolean;
}

/** Collects cells and prints them. */
export class SsTable implements SsCells {
  readonly #out: Writer;
  readonly #shown: readonly boolean[];
  readonly #screen: number | null;
  readonly #terminal: boolean;
  readonly #longest: number[] = new Array(COLUMN_STYLES.length).fill(0);
  /** The last column before the extras that is shown: not padded when the screen's width is unknown. */
  readonly #lastOrdinary: number;

  // Cells one after the other, and where each ends. The columns they belong to follow from their order.
  #bytes = new Uint8Array(64 * 1024);
  #length = 0;
  #ends = new Int32Array(4096);
  #cells = 0;
  /** Where the current cell began. */
  #start = 0;
  #column = 0;
  #hidden: boolean;

  #chunks = 0;
  /** Bytes of the last chunk in use, up to and with the length of the current cell. */
  #chunkUsed = 0;

  #output = new Uint8Array(0);
  #outputLength = 0;

  constructor(out: Writer, options: SsTableOptions) {
    this.#out = out;
    this.#shown = options.shown;
    this.#screen = options.screen;
    this.#terminal = options.terminal;
    this.#hidden = !options.shown[0];
    this.#lastOrdinary = options.shown.lastIndexOf(true, LAST_COLUMN - 1);
  }

  /** Prints the line of titles above everything else. Call it first. */
  header(): void {
    for (let i = 0; i < LAST_COLUMN; i++) {
      this.column(i as Column);
      this.ascii(COLUMN_STYLES[i]!.header);
    }
    this.column(LAST_COLUMN);
  }

  column(column: Column): void {
    while (this.#column !== column) this.#next();
  }

  #next(): void {
    const column = this.#column;
    if (column === LAST_COLUMN) {
      if (this.#chunks >= CHUNKS_MAX - 1 && this.#currentChunks() >= CHUNKS_MAX) {
        this.render();
        return;
      }
      this.#flush(column);
      this.#column = 0;
    } else {
      if (!this.#hidden) this.#flush(column);
      this.#column = column + 1;
    }
    this.#hidden = !this.#shown[this.#column];
  }

  /** How many chunks ss would hold with the current cell, which moves to a new one as a whole if it does not fit. */
  #currentChunks(): number {
    if (this.#chunks === 0) return 0;
    const length = this.#length - this.#start;
    return length > 0 && this.#chunkUsed + length >= CHUNK_SIZE && this.#chunkUsed > LENGTH_SIZE
      ? this.#chunks + 1
      : this.#chunks;
  }

  /** Ends the current cell and measures it. */
  #flush(column: number): void {
    let length = this.#length - this.#start;
    if (length > CELL_MAX) {
      this.#length = this.#start + CELL_MAX;
      length = CELL_MAX;
    }
    if (length > this.#longest[column]!) this.#longest[column] = length;
    if (this.#cells + 1 >= this.#ends.length) {
      const ends = new Int32Array(this.#ends.length * 2);
      ends.set(this.#ends);
      this.#ends = ends;
    }
    this.#ends[this.#cells++] = this.#length;
    this.#start = this.#length;
    this.#account(length);
  }

  #account(length: number): void {
    if (this.#chunks === 0) {
      this.#chunks = 1;
      this.#chunkUsed = LENGTH_SIZE;
    }
    let used = this.#chunkUsed + length;
    if (length > 0 && used >= CHUNK_SIZE && this.#chunkUsed > LENGTH_SIZE) {
      this.#chunks++;
      used = LENGTH_SIZE + length;
    }
    const padding = length & 1;
    if (CHUNK_SIZE - used - padding < LENGTH_SIZE) {
      this.#chunks++;
      this.#chunkUsed = LENGTH_SIZE;
    } else this.#chunkUsed = used + padding + LENGTH_SIZE;
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  byte(byte: number): void {
    if (this.#hidden) return;
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  ascii(text: string): void {
    if (this.#hidden) return;
    const count = text.length;
    if (this.#length + count > this.#bytes.length) this.#reserve(count);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < count; i++) bytes[at++] = text.charCodeAt(i);
    this.#length = at;
  }

  utf8(text: string): void {
    if (!this.#hidden) this.bytes(encoder.encode(text));
  }

  bytes(bytes: Uint8Array, start = 0, end = bytes.length): void {
    if (this.#hidden) return;
    if (this.#terminal && hasControl(bytes, start, end)) {
      bytes = encoder.encode(sanitizeBytes(bytes.subarray(start, end)));
      start = 0;
      end = bytes.length;
    }
    const count = end - start;
    this.#reserve(count);
    const target = this.#bytes;
    let at = this.#length;
    for (let i = start; i < end; i++) target[at++] = bytes[i]!;
    this.#length = at;
  }

  decimal(value: number | bigint): void {
    if (this.#hidden) return;
    if (typeof value === "bigint" || value > 0xffff_ffff || value < 0) {
      this.ascii(String(value));
      return;
    }
    this.#reserve(10);
    let digits = 1;
    for (let power = 10; value >= power; power *= 10) digits++;
    const bytes = this.#bytes;
    const end = this.#length + digits;
    let rest = value >>> 0;
    for (let at = end - 1; at >= this.#length; at--) {
      const next = rest / 10 >>> 0;
      bytes[at] = 0x30 + rest - next * 10;
      rest = next;
    }
    this.#length = end;
  }

  hex(value: number | bigint): void {
    if (!this.#hidden) this.ascii(value.toString(16));
  }

  /** Prints the rows there are. The cell begun last is printed but not measured, as it never ended. */
  render(): void {
    if (this.#cells > 0 || this.#length > 0) this.#print();
    this.#cells = 0;
    this.#length = 0;
    this.#start = 0;
    this.#chunks = 0;
    this.#chunkUsed = 0;
    this.#column = 0;
    this.#hidden = !this.#shown[0];
  }

  #print(): void {
    // The cell that was not ended, even when it is empty.
    if (this.#length - this.#start > CELL_MAX) this.#length = this.#start + CELL_MAX;
    this.#ends[this.#cells++] = this.#length;
    const widths = columnWidths(this.#longest, this.#shown, this.#screen);
    const columns = widths.flatMap((_, i) => this.#shown[i] ? [i] : []);
    const compact = this.#screen === null;
    const bytes = this.#bytes;
    const ends = this.#ends;
    if (this.#output.length === 0) this.#output = new Uint8Array(OUTPUT_SIZE + 2 * CELL_MAX);
    let start = 0;
    let at = 0;
    for (let cell = 0; cell < this.#cells; cell++) {
      const column = columns[at]!;
      const end = ends[cell]!;
      const style = COLUMN_STYLES[column]!;
      const delimiter = at > 0 ? style.delimiter : "";
      const missing = widths[column]! - (end - start) - delimiter.length;
      if (this.#outputLength > OUTPUT_SIZE) this.#send();
      if (delimiter !== "") this.#output[this.#outputLength++] = BLANK;
      if (style.align === "right") this.#pad(missing);
      this.#copy(bytes, start, end);
      if (style.align === "left" && !(compact && column === this.#lastOrdinary)) this.#pad(missing);
      if (++at === columns.length) {
        this.#output[this.#outputLength++] = NEWLINE;
        at = 0;
      }
      start = end;
    }
    if (at > 0) this.#output[this.#outputLength++] = NEWLINE;
    this.#send();
  }

  #pad(count: number): void {
    if (count <= 0) return;
    for (; count > CELL_MAX; count -= CELL_MAX) {
      // A terminal wider than any row.
      this.#send();
      this.#output.fill(BLANK, 0, CELL_MAX);
      this.#outputLength = CELL_MAX;
    }
    if (this.#outputLength > OUTPUT_SIZE) this.#send();
    const from = this.#outputLength;
    this.#outputLength += count;
    this.#output.fill(BLANK, from, this.#outputLength);
  }

  #copy(bytes: Uint8Array, start: number, end: number): void {
    const output = this.#output;
    let at = this.#outputLength;
    if (end - start > 64) output.set(bytes.subarray(start, end), at);
    else for (let i = start; i < end; i++) output[at + i - start] = bytes[i]!;
    at += end - start;
    this.#outputLength = at;
  }

  #send(): void {
    this.#out.writeBytes(this.#output.subarray(0, this.#outputLength));
    this.#outputLength = 0;
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
