/**
 * SsTable: cells in, aligned rows out, as ss prints them.
 *
 * Cells are kept as bytes until the widths of their columns are known, then printed. ss keeps them in chunks of 1 MiB and
 * prints what it has when a row ends in the fifth; widths only grow, so later rows may be wider. Long output is the same
 * only when it is printed at the same points, so the core counts how ss would have filled its chunks.
 *
 * The cells are in the core's arena: rows that need no names are written there by the core, all others from here.
 *
 * @module
 */
import {
  CELLS,
  COLUMN as CURRENT_COLUMN,
  COUNT,
  LAYOUT,
  LONGEST,
  NEXT,
  NEXT_AT,
  NEXT_COLUMN,
  OPTIONS,
  OUT_LENGTH,
  OUTPUT,
  SHOWN,
  START,
  STOPPED,
  VISIBLE,
  WAITING,
} from "../../../core/arena.ts";
import { CELL_MAX, LAID_OUT, LENGTH_SIZE, RIGHT, TOO_WIDE } from "../../../core/cells.ts";
import { type Core, theCore } from "../../../core/gears.ts";
import { NETID } from "../../../core/labels.ts";
import { MSG_INODE } from "../../../families/inet/uapi.ts";
import { STOPPED_AT_OWNERS, STOPPED_FULL } from "../../../core/ss_row.ts";
import { ByteBuffer } from "../../../text/byte_writer.ts";
import { utf8Bytes } from "../../../text/encoding.ts";
import { sanitizeBytes } from "../../../text/sanitize.ts";
import type { Writer } from "../../../text/writer.ts";
import { COLUMN, type Column, COLUMN_STYLES, columnWidths, layoutOf } from "./columns.ts";

const LAST_COLUMN = COLUMN.extras;
const NEWLINE = 0x0a;
/** What a row counts as, where it is written from here: only a small part is the core's work. */
const ROW_WORK = 32;

/** How a table is to look. */
interface SsTableOptions {
  readonly shown: readonly boolean[];
  /** Columns of the terminal; `null` where they are not known. */
  readonly screen: number | null;
  /** True when a person reads it: bytes from outside are made harmless. */
  readonly terminal: boolean;
}

/** Rows that the core writes. */
export interface CoreRows {
  /** At most 16 characters of ASCII. */
  readonly netid: string;
  /** OPTION_* of core/ss_row.ts. */
  readonly options: number;
}

/** Collects cells and prints them. There is one at a time: its cells are in the core's arena. */
export class SsTable extends ByteBuffer {
  readonly #core: Core;
  readonly #out: Writer;
  readonly #shown: readonly boolean[];
  readonly #screen: number | null;
  readonly #terminal: boolean;
  /** The last column before the extras that is shown: not padded when the screen's width is unknown. */
  readonly #lastOrdinary: number;
  #netid = "";

  constructor(out: Writer, options: SsTableOptions, core: Core = theCore()) {
    super(cellsOf(core));
    this.#core = core;
    this.#out = out;
    this.#shown = options.shown;
    this.#screen = options.screen;
    this.#terminal = options.terminal;
    this.#lastOrdinary = options.shown.lastIndexOf(true, LAST_COLUMN - 1);
    const { view, bytes } = core;
    let mask = 0;
    for (let i = 0; i <= LAST_COLUMN; i++) if (options.shown[i]) mask |= 1 << i;
    view.setUint32(SHOWN, mask, true);
    bytes.fill(0, LONGEST, LONGEST + 4 * COLUMN_STYLES.length);
    core.functions.forgetCells();
    this.length = LENGTH_SIZE;
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
    if (column === COLUMN.netid) this.#work(ROW_WORK);
    let at = this.#core.functions.goToColumn(column, CELLS + this.length);
    if (at === 0) {
      this.render();
      at = this.#core.functions.goToColumn(column, CELLS + this.length);
    }
    this.length = at - CELLS;
  }

  /**
   * Writes messages of a dump as rows, headers included, as far as the core can: both ends are numbers, and nothing is shown that
   * needs a name. Returns the offset of the first message of another kind; or, where the options ask for owners that the core does not
   * know, of the one after that whose process cell is to be written now: {@linkcode SsTable.awaitsOwnersOf} tells.
   */
  messages(rows: CoreRows, view: DataView, start: number, end: number): number {
    this.#work(end - start);
    const core = this.#core;
    this.#prepare(rows);
    const from = core.input(view, start, end);
    const to = from + end - start;
    let at = from;
    do {
      at = core.functions.rows(at, to, CELLS + this.length);
      this.length = core.functions.cursor() - CELLS;
    } while (this.#stopped() === STOPPED_FULL && this.#printed());
    return Math.min(start + at - from, end);
  }

  /** Inode of the row that waits for its process cell; -1 where none does. */
  get awaitsOwnersOf(): number {
    if (this.#stopped() !== STOPPED_AT_OWNERS) return -1;
    const { view } = this.#core;
    return view.getUint32(view.getUint32(WAITING, true) + MSG_INODE, true);
  }

  /** Writes what comes behind the process cell of the row that waited for it. */
  finishRow(): void {
    this.length = this.#core.functions.finishRow(CELLS + this.length) - CELLS;
  }

  /**
   * Begins the row of one message, as far as {@linkcode COLUMN.process}. Returns false, having done nothing, for one that needs
   * names.
   */
  startRow(rows: CoreRows, view: DataView, start: number, end: number): boolean {
    this.#work(end - start);
    const core = this.#core;
    this.#prepare(rows);
    const from = core.input(view, start, end);
    let begun: number | boolean;
    do {
      begun = core.functions.startRow(from, from + end - start, CELLS + this.length);
    } while (!begun && this.#stopped() === STOPPED_FULL && this.#printed());
    if (!begun) return false;
    this.length = core.functions.cursor() - CELLS;
    return true;
  }

  /** Writes what `-m` and `-i` add to the row of a TCP or UDP message. Returns false, having done nothing, where it is broken. */
  details(rows: CoreRows, view: DataView, start: number, end: number): boolean {
    const core = this.#core;
    this.#prepare(rows);
    const from = core.input(view, start, end);
    const at = core.functions.writeDetails(from, from + end - start, CELLS + this.length);
    if (at === 0) return false;
    this.length = at - CELLS;
    return true;
  }

  #stopped(): number {
    return this.#core.view.getUint32(STOPPED, true);
  }

  #printed(): true {
    this.render();
    return true;
  }

  #prepare({ netid, options }: CoreRows): void {
    if (netid !== this.#netid) {
      this.#netid = netid;
      this.#core.setLabel(NETID, netid);
    }
    this.#core.view.setUint32(OPTIONS, options, true);
  }

  #work(amount: number): void {
    if (this.#core.work(amount, CELLS + this.length)) this.moveTo(cellsOf(this.#core));
  }

  /** A cell that is longer than any may be is cut here already. */
  protected override grow(needed: number): void {
    const core = this.#core;
    if (core.enlarge(CELLS + this.length)) {
      this.moveTo(cellsOf(core));
      if (needed <= this.data.length) return;
    }
    core.functions.saveCells(CELLS + this.length);
    const longest = core.view.getUint32(START, true) - CELLS + CELL_MAX;
    if (longest + needed - this.length > this.data.length) {
      throw new RangeError(`A cell cannot be written in pieces of ${needed - this.length} bytes`);
    }
    this.length = longest;
  }

  /** As UTF-8, made harmless where it goes to a terminal. */
  override utf8(text: string): void {
    this.bytes(utf8Bytes(text));
  }

  /** Bytes from outside, such as a path: as they are, but made harmless where they go to a terminal. */
  override bytes(from: Uint8Array, start = 0, end: number = from.length): void {
    if (this.#terminal && hasControl(from, start, end)) {
      super.bytes(this.harmless(from.subarray(start, end)));
    } else super.bytes(from, start, end);
  }

  /** Bytes from outside as {@linkcode bytes} writes them. */
  harmless(bytes: Uint8Array): Uint8Array {
    return this.#terminal && hasControl(bytes, 0, bytes.length)
      ? utf8Bytes(sanitizeBytes(bytes))
      : bytes;
  }

  /** Prints the rows there are. The cell begun last is printed but not measured, as it never ended. */
  render(): void {
    const { functions, view } = this.#core;
    functions.saveCells(CELLS + this.length);
    const start = view.getUint32(START, true) - CELLS;
    if (!this.#shown[view.getUint32(CURRENT_COLUMN, true)]) this.length = start;
    const cells = view.getUint32(COUNT, true);
    if (cells > 0 || this.length > LENGTH_SIZE) {
      view.setUint16(CELLS + start - LENGTH_SIZE, Math.min(this.length - start, CELL_MAX), true);
      this.#print(cells + 1);
    }
    functions.forgetCells();
    this.length = LENGTH_SIZE;
  }

  /** Prints so many cells; the last is the one that was not ended, which is printed even when it is empty. */
  #print(cells: number): void {
    const { functions, view, bytes } = this.#core;
    const longest: number[] = [];
    for (let i = 0; i < COLUMN_STYLES.length; i++) {
      longest.push(view.getUint32(LONGEST + 4 * i, true));
    }
    const { widths, delimiters, aligns } = layoutOf(
      columnWidths(longest, this.#shown, this.#screen),
      this.#shown,
      this.#screen === null ? this.#lastOrdinary : -1,
    );
    for (let i = 0; i < widths.length; i++) {
      // An empty column is narrower than its delimiter.
      view.setUint32(LAYOUT + 12 * i, Math.max(0, widths[i]!), true);
      view.setUint32(LAYOUT + 12 * i + 4, delimiters[i]!, true);
      view.setUint32(LAYOUT + 12 * i + 8, aligns[i]!, true);
    }
    view.setUint32(VISIBLE, widths.length, true);
    view.setUint32(NEXT, 0, true);
    view.setUint32(NEXT_AT, CELLS, true);
    view.setUint32(NEXT_COLUMN, 0, true);
    view.setUint32(OUT_LENGTH, 0, true);
    for (;;) {
      const reached = functions.lay(cells);
      if (reached === LAID_OUT) break;
      this.#send();
      if (reached === TOO_WIDE) this.#printWide();
    }
    if (view.getUint32(NEXT_COLUMN, true) > 0) {
      const length = view.getUint32(OUT_LENGTH, true);
      bytes[OUTPUT + length] = NEWLINE;
      view.setUint32(OUT_LENGTH, length + 1, true);
    }
    this.#send();
  }

  /** Prints one cell with more blanks than there is room for. */
  #printWide(): void {
    const { view, bytes } = this.#core;
    const cell = view.getUint32(NEXT, true);
    const at = view.getUint32(NEXT_AT, true);
    const column = view.getUint32(NEXT_COLUMN, true);
    const style = LAYOUT + 12 * column;
    const length = view.getUint16(at, true);
    const text = at + LENGTH_SIZE;
    const blanks = " ".repeat(view.getUint32(style, true) - length);
    const right = view.getUint32(style + 8, true) === RIGHT;
    const delimiter = view.getUint32(style + 4, true) === 1 ? " " : "";
    const last = column + 1 === view.getUint32(VISIBLE, true);
    this.#out.writeBytes(utf8Bytes(right ? delimiter + blanks : delimiter));
    this.#out.writeBytes(bytes.subarray(text, text + length));
    this.#out.writeBytes(utf8Bytes((right ? "" : blanks) + (last ? "\n" : "")));
    view.setUint32(NEXT, cell + 1, true);
    view.setUint32(NEXT_AT, text + length, true);
    view.setUint32(NEXT_COLUMN, last ? 0 : column + 1, true);
  }

  #send(): void {
    const { view, bytes } = this.#core;
    const length = view.getUint32(OUT_LENGTH, true);
    if (length > 0) this.#out.writeBytes(bytes.subarray(OUTPUT, OUTPUT + length));
    view.setUint32(OUT_LENGTH, 0, true);
  }
}

function cellsOf({ bytes }: Core): Uint8Array<ArrayBuffer> {
  return bytes.subarray(CELLS);
}

// ss prints quotes and backslashes as they are; only what a terminal would act on is changed.
function hasControl(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte < 0x20 || byte >= 0x7f) return true;
  }
  return false;
}
