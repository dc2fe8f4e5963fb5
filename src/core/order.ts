/**
 * The order of a listing: a radix sort of the addresses of records. What the order is: see snapshot/order.ts.
 *
 * @module
 */
import { ALIKE_END, ROW_COUNT, ROWS, SORT_COLUMNS } from "./arena.ts";
import { AF_INET } from "./message.ts";
import { copy, fill, get16, get32, get8, put16, put32 } from "./memory.ts";
import { COOKIE_HIGH, COOKIE_LOW, FLAGS, KIND, PORTS, RECORD_SIZE } from "./record.ts";
import { hasNoCookie, hasPeer } from "./record_ends.ts";
import { tableOf, TRANSPORT } from "./tables.ts";

const DIGIT_BITS: u32 = 11;
const DIGITS: u32 = 2048;
/** Columns of the keys: what decides last comes first. The column of the order itself, and what it is sorted into. */
const YOUNG: u32 = 0;
const OLD: u32 = 1;
const RANK: u32 = 2;
const ORDER: u32 = 3;
const OTHER: u32 = 4;
/** Words of {@linkcode SORT_COLUMNS} for `count` rows. */
export const SORT_COLUMN_COUNT: u32 = 5;
/** Behind them: where the first row of each digit goes. */
export const PLACES_SIZE: u32 = 4 * DIGITS;

function column(index: u32): u32 {
  return get32(SORT_COLUMNS) + index * (get32(ROW_COUNT) << 2);
}

/** Appends the `count` records at `p`, which are those of a table. */
export function addRows(p: u32, count: u32, table: u32): void {
  let to: u32 = get32(ROWS) + (get32(ROW_COUNT) << 2);
  for (let i: u32 = 0; i < count; i++) {
    put16(p + FLAGS + 2, table);
    put32(to, p);
    to += 4;
    p += RECORD_SIZE;
  }
  put32(ROW_COUNT, get32(ROW_COUNT) + count);
}

/** Puts all rows in order, as far as numbers decide it: see {@linkcode nextAlike}. */
export function sortRows(): void {
  const count: u32 = get32(ROW_COUNT);
  const rows: u32 = get32(ROWS);
  const young: u32 = column(YOUNG);
  const old: u32 = column(OLD);
  const rank: u32 = column(RANK);
  let order: u32 = column(ORDER);
  let other: u32 = column(OTHER);
  for (let at: u32 = 0; at < count << 2; at += 4) {
    const p: u32 = get32(rows + at);
    const port: u32 = get16(p + PORTS);
    const peer: boolean = hasPeer(p);
    const byAge: boolean = peer && port !== 0 && !hasNoCookie(p);
    put32(young + at, byAge ? get32(p + COOKIE_LOW) : 0);
    put32(old + at, byAge ? get32(p + COOKIE_HIGH) : 0);
    const kind: u32 = (get8(p + KIND) === AF_INET ? 0 : 2) + (peer ? 1 : 0);
    put32(rank + at, get32(tableOf(p) + TRANSPORT) << 18 | port << 2 | kind);
    put32(order + at, at);
  }
  for (let index: u32 = YOUNG; index <= RANK; index++) {
    const key: u32 = column(index);
    const varying: u32 = varyingBits(key, count);
    for (let shift: u32 = 0; shift < 32; shift += DIGIT_BITS) {
      if ((varying >>> shift & DIGITS - 1) === 0) continue;
      sortByDigit(key, shift, order, other, count);
      const sorted: u32 = other;
      other = order;
      order = sorted;
    }
  }
  // The rows in order, and then the keys, by which runs of alike rows are found.
  applyOrder(order, other, rows, count);
  for (let index: u32 = YOUNG; index <= RANK; index++) {
    applyOrder(order, other, column(index), count);
  }
}

function applyOrder(order: u32, scratch: u32, key: u32, count: u32): void {
  const size: u32 = count << 2;
  for (let at: u32 = 0; at < size; at += 4) put32(scratch + at, get32(key + get32(order + at)));
  copy(key, scratch, size);
}

function varyingBits(key: u32, count: u32): u32 {
  const first: u32 = get32(key);
  let varying: u32 = 0;
  for (let at: u32 = 4; at < count << 2; at += 4) varying |= get32(key + at) ^ first;
  return varying;
}

function sortByDigit(key: u32, shift: u32, order: u32, other: u32, count: u32): void {
  const places: u32 = column(OTHER + 1);
  const size: u32 = count << 2;
  fill(places, 0, PLACES_SIZE);
  for (let at: u32 = 0; at < size; at += 4) {
    const place: u32 = places + ((get32(key + at) >>> shift & DIGITS - 1) << 2);
    put32(place, get32(place) + 4);
  }
  let before: u32 = 0;
  for (let place: u32 = places; place < places + PLACES_SIZE; place += 4) {
    const rows: u32 = get32(place);
    put32(place, before);
    before += rows;
  }
  for (let at: u32 = 0; at < size; at += 4) {
    const row: u32 = get32(order + at);
    const place: u32 = places + ((get32(key + row) >>> shift & DIGITS - 1) << 2);
    const to: u32 = get32(place);
    put32(other + to, row);
    put32(place, to + 4);
  }
}

/**
 * The first row from `from` on that has the keys of the one behind it; the number of rows where there is none. ALIKE_END says where
 * the run ends: its order is to be found out by comparing.
 */
export function nextAlike(from: u32): u32 {
  const count: u32 = get32(ROW_COUNT);
  const young: u32 = column(YOUNG);
  const old: u32 = column(OLD);
  const rank: u32 = column(RANK);
  for (let row: u32 = from; row + 1 < count; row++) {
    const at: u32 = row << 2;
    let next: u32 = at + 4;
    while (
      next < count << 2 && get32(rank + next) === get32(rank + at) &&
      get32(young + next) === get32(young + at) && get32(old + next) === get32(old + at)
    ) next += 4;
    if (next > at + 4) {
      put32(ALIKE_END, next >>> 2);
      return row;
    }
  }
  return count;
}
