/**
 * The cells of a table of ss, and how they are laid out in rows.
 *
 * Cells stand one after the other, each with its length in two bytes before it; the columns they belong to follow from their order. Chunks are
 * counted as ss fills them, because it prints what it has when a row ends in the fifth: see tools/ss/layout/table.ts.
 *
 * @module
 */
import {
  AT,
  CELLS,
  CHUNK_USED,
  CHUNKS,
  COLUMN,
  COUNT,
  LAYOUT,
  LONGEST,
  NEXT,
  NEXT_AT,
  NEXT_COLUMN,
  OUT_LENGTH,
  OUTPUT,
  SHOWN,
  START,
  VISIBLE,
} from "./arena.ts";
import { copyText, get16, get32, put16, put32, put8 } from "./memory.ts";
import { cursor, setCursor } from "./out.ts";

/** The longest cell: its length is a u16. */
export const CELL_MAX: u32 = 0xffff;
/** With so many chunks at the end of a row, ss prints what it has. */
const CHUNKS_MAX: u32 = 5;
// A chunk has room for 1 MiB less its own header. Each cell has its length before it, in two bytes at an even address.
const CHUNK_SIZE: u32 = 1048560;
export const LENGTH_SIZE: u32 = 2;
/** Columns, as in tools/ss/layout/columns.ts. */
const LAST: u32 = 9;

/** Where the blanks of a column go; any other number: it has none. */
export const LEFT: u32 = 0;
export const RIGHT: u32 = 1;
/** What is laid out in one go, at most; one cell more has room behind it. */
const PORTION: u32 = 0x30000;

let start: u32 = 0;
let column: u32 = 0;
let count: u32 = 0;
let chunks: u32 = 0;
let used: u32 = 0;
let shown: u32 = 0;

/** Takes up the table as the other gear left it by {@linkcode saveCells}. */
export function loadCells(): void {
  setCursor(get32(AT));
  start = get32(START);
  column = get32(COLUMN);
  count = get32(COUNT);
  chunks = get32(CHUNKS);
  used = get32(CHUNK_USED);
  shown = get32(SHOWN);
}

/** Puts the state of the table into the arena. `at`: where the current cell is being written. */
export function saveCells(at: u32): void {
  setCursor(at);
  put32(AT, at);
  put32(START, start);
  put32(COLUMN, column);
  put32(COUNT, count);
  put32(CHUNKS, chunks);
  put32(CHUNK_USED, used);
}

export function isShown(column: u32): boolean {
  return (shown >>> column & 1) !== 0;
}

function fits(length: u32): boolean {
  return length === 0 || used + length < CHUNK_SIZE || used === LENGTH_SIZE;
}

/** True when the row that is being written is the last that ss keeps back: the table is to be printed. */
function isFull(): boolean {
  if (column !== LAST) return false;
  return (fits(cursor() - start) ? chunks : chunks + 1) >= CHUNKS_MAX;
}

/** Ends the current cell, which is shown. */
function endCell(): void {
  let length: u32 = cursor() - start;
  const longest: u32 = LONGEST + (column << 2);
  if (length > get32(longest)) {
    if (length > CELL_MAX) {
      length = CELL_MAX;
      setCursor(start + CELL_MAX);
    }
    put32(longest, length);
  }
  put16(start - LENGTH_SIZE, length);
  count += 1;
  start = cursor() + LENGTH_SIZE;
  setCursor(start);
  if (!fits(length)) {
    chunks += 1;
    used = LENGTH_SIZE;
  }
  const end: u32 = used + length;
  const padding: u32 = length & 1;
  if (CHUNK_SIZE - end - padding < LENGTH_SIZE || end + padding > CHUNK_SIZE) {
    chunks += 1;
    used = LENGTH_SIZE;
  } else used = end + padding + LENGTH_SIZE;
}

/** Ends the current cell and goes on to the next column; past the last begins a row. What is in a hidden one is dropped. */
export function nextColumn(): void {
  if (isShown(column)) endCell();
  else setCursor(start);
  column = column === LAST ? 0 : column + 1;
}

/**
 * Goes to a column: cells between the two stay empty, and going to an earlier one begins a row. Returns false, still in the last
 * column, where the table has to be printed first.
 */
export function goTo(to: u32): boolean {
  while (column !== to) {
    if (column === LAST && isFull()) return false;
    nextColumn();
  }
  return true;
}

/**
 * Ends the current cell, which is written up to `at`, and goes to a column. Returns where the cell there begins; 0 where the table
 * has to be printed first.
 */
export function goToColumn(to: u32, at: u32): u32 {
  setCursor(at);
  return goTo(to) ? cursor() : 0;
}

/** What {@linkcode lay} returns: all is laid out; there is no more room; or the next cell is wider than there is room for. */
export const LAID_OUT: u32 = 0;
const NO_ROOM: u32 = 1;
export const TOO_WIDE: u32 = 2;

/** Lays out cells up to number `end`, as far as there is room. */
export function lay(end: u32): u32 {
  const visible: u32 = get32(VISIBLE);
  let cell: u32 = get32(NEXT);
  let from: u32 = get32(NEXT_AT);
  let at: u32 = get32(NEXT_COLUMN);
  let out: u32 = OUTPUT + get32(OUT_LENGTH);
  const limit: u32 = OUTPUT + PORTION;
  let wide: boolean = false;
  while (cell < end && out < limit) {
    const style: u32 = LAYOUT + at * 12;
    const length: u32 = get16(from);
    const width: u32 = get32(style);
    const align: u32 = get32(style + 8);
    let missing: u32 = width > length ? width - length : 0;
    if (missing > CELL_MAX) {
      wide = true;
      break;
    }
    if (get32(style + 4) !== 0) {
      put8(out, 32);
      out += 1;
    }
    if (align === RIGHT && missing > 0) {
      out = blanks(out, missing);
      missing = 0;
    }
    from += LENGTH_SIZE;
    copyText(out, from, length);
    out += length;
    from += length;
    if (align === LEFT && missing > 0) out = blanks(out, missing);
    at += 1;
    if (at === visible) {
      put8(out, 10);
      out += 1;
      at = 0;
    }
    cell += 1;
  }
  put32(NEXT, cell);
  put32(NEXT_AT, from);
  put32(NEXT_COLUMN, at);
  put32(OUT_LENGTH, out - OUTPUT);
  return cell === end ? LAID_OUT : wide ? TOO_WIDE : NO_ROOM;
}

// May write a few more than wanted: what comes next is written over them.
function blanks(out: u32, n: u32): u32 {
  for (let i: u32 = 0; i < n; i += 4) put32(out + i, 0x20202020);
  return out + n;
}

/** Forgets the cells, not the widths: they were printed. */
export function forgetCells(): void {
  put32(AT, CELLS + LENGTH_SIZE);
  put32(START, CELLS + LENGTH_SIZE);
  put32(COLUMN, 0);
  put32(COUNT, 0);
  put32(CHUNKS, 1);
  put32(CHUNK_USED, LENGTH_SIZE);
  loadCells();
}
