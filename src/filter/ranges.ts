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

/** A set of integers: ascending, no two of them touch. Empty means that nothing matches. */
export type Ranges = readonly Range[];

/** A set from ranges in any order. An inverted range holds nothing. */
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

/** {@linkcode contains} with the set fixed, made cheap for the sets that people write. */
export function membership(set: Ranges): (value: number) => boolean {
  if (set.length === 0) return () => false;
  if (set.length > 1) {
    if (set.at(-1)!.last > 0xffff || set[0]!.first < 0) return (value) => contains(set, value);
    // Ports: a table of all of them costs less than a search in each of many rows.
    const table = new Uint8Array(0x10000);
    for (const { first, last } of set) table.fill(1, first, last + 1);
    return (value) => table[value] === 1;
  }
  const { first, last } = set[0]!;
  if (first === last) return (value) => value === first;
  return (value) => value >= first && value <= last;
}

/** The set as it is written: `80,8000-8100`, with an open end as `1024-`. */
export function formatRanges(set: Ranges): string {
  return set.map(({ first, last }) => {
    if (first === last) return String(first);
    return last === Infinity ? `${first}-` : `${first}-${last}`;
  }).join(",");
}
