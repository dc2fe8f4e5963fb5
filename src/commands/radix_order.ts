/**
 * Radix order: the order of very many rows by columns of numbers, without comparing two rows.
 *
 * @module
 */

const DIGIT_BITS = 16;
const DIGITS = 1 << DIGIT_BITS;
/** Fewer rows are quicker compared than counted. */
const WORTH_COUNTING = 2048;

/** Rows 0 to `count` in ascending order; the last column decides first. Rows that are alike keep their order. */
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
    for (const shift of [0, DIGIT_BITS]) {
      if (!countDigits(column, shift, places)) continue;
      for (let i = 0; i < count; i++) {
        const row = order[i]!;
        other[places[column[row]! >>> shift & DIGITS - 1]!++] = row;
      }
      [order, other] = [other, order];
    }
  }
  return order;
}

/** Sets where the first row of each digit goes. False when all rows have the same digit. */
function countDigits(column: Uint32Array, shift: number, places: Uint32Array): boolean {
  places.fill(0);
  for (let row = 0; row < column.length; row++) places[column[row]! >>> shift & DIGITS - 1]!++;
  if (places[column[0]! >>> shift & DIGITS - 1] === column.length) return false;
  let before = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const rows = places[digit]!;
    places[digit] = before;
    before += rows;
  }
  return true;
}
