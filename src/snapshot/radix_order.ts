/**
 * A radix sort of very many rows by columns of numbers, without comparing rows.
 *
 * @module
 */

/** Small enough that the counts fit into the first-level cache. */
const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const WORD_BITS = 32;
/** Fewer rows are sorted faster by comparing. */
const WORTH_COUNTING = 2048;

/** The rows from 0 to below `count` in ascending order. The last column decides first. Equal rows keep their order. */
export function radixOrder(columns: readonly Uint32Array[], count: number): Uint32Array {
  let order = new Uint32Array(count);
  for (let row = 0; row < count; row++) order[row] = row;
  if (count < WORTH_COUNTING) {
    return order.sort((a, b) => {
      for (let i = columns.length - 1; i >= 0; i--) {
        const column = columns[i]!;
        if (column[a] !== column[b]) return column[a]! - column[b]!;
      }
      return a - b;
    });
  }
  let other = new Uint32Array(count);
  const places = new Uint32Array(DIGITS);
  for (const column of columns) {
    const varying = varyingBits(column);
    for (let shift = 0; shift < WORD_BITS; shift += DIGIT_BITS) {
      if ((varying >>> shift & DIGITS - 1) === 0) continue;
      countDigits(column, shift, places);
      for (let i = 0; i < count; i++) {
        const row = order[i]!;
        other[places[column[row]! >>> shift & DIGITS - 1]!++] = row;
      }
      [order, other] = [other, order];
    }
  }
  return order;
}

/** The bits that differ between rows. */
function varyingBits(column: Uint32Array): number {
  const first = column[0]!;
  let varying = 0;
  for (let row = 1; row < column.length; row++) varying |= column[row]! ^ first;
  return varying;
}

/** Sets the place of the first row of each digit. */
function countDigits(column: Uint32Array, shift: number, places: Uint32Array): void {
  places.fill(0);
  for (let row = 0; row < column.length; row++) places[column[row]! >>> shift & DIGITS - 1]!++;
  let before = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const rows = places[digit]!;
    places[digit] = before;
    before += rows;
  }
}
