/**
 * Ranges: a set of integers, as ports and process IDs are asked for: `80,443,8000-8100`.
 *
 * @module
 */

/** Both ends belong to it. `last` may be Infinity. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** A set of integers: ranges in ascending order, with gaps between them. The empty set matches nothing. */
export type Ranges = readonly Range[];

/** The set of ranges in any order. A range whose first number is above its last is empty. */
export function ranges(list: readonly Range[]): Ranges {
  const sorted = list.filter((range) => range.first <= range.last)
    .sort((a, b) => a.first - b.first);
  const merged: Range[] = [];
  for (const range of sorted) {
    const previous = merged.at(-1);
    if (previous === undefined || range.first > previous.last + 1) {
      merged.push(range);
    } else if (range.last > previous.last) {
      merged[merged.length - 1] = { first: previous.first, last: range.last };
    }
  }
  return merged;
}

/** A set of one number. */
export function single(value: number): Ranges {
  return [{ first: value, last: value }];
}

/** True when the number is in the set. */
export function contains(set: Ranges, value: number): boolean {
  let low = 0;
  let high = set.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (set[middle]!.last < value) low = middle + 1;
    else high = middle;
  }
  return low < set.length && set[low]!.first <= value;
}

/** A function that tells whether a number is in this set, fast for the sets that people write. */
export function membership(set: Ranges): (value: number) => boolean {
  if (set.length === 0) return () => false;
  if (set.length > 1) {
    if (set.at(-1)!.last > 0xffff || set[0]!.first < 0) return (value) => contains(set, value);
    // For ports: one table of all of them, instead of a search for each row.
    const table = new Uint8Array(0x10000);
    for (const { first, last } of set) table.fill(1, first, last + 1);
    return (value) => table[value] === 1;
  }
  const { first, last } = set[0]!;
  if (first === last) return (value) => value === first;
  return (value) => value >= first && value <= last;
}

/** The set as text: `80,8000-8100`; without an upper end `1024-`. `text` writes a number. */
export function formatRanges(set: Ranges, text: (value: number) => string = String): string {
  return set.map(({ first, last }) => {
    if (first === last) return text(first);
    return last === Infinity ? `${text(first)}-` : `${text(first)}-${text(last)}`;
  }).join(",");
}
