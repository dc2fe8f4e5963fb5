/**
 * The known word that a mistyped one was probably meant to be.
 *
 * @module
 */

/** The nearest candidate, or `undefined` when none is near: at most one fault in three letters, two at most. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const typed = word.toLowerCase().slice(0, 32);
  let limit = Math.min(2, Math.floor((typed.length + 1) / 3));
  let best: string | undefined;
  for (const candidate of candidates) {
    const found = distance(typed, candidate);
    if (found < limit || (found === limit && best === undefined)) {
      best = candidate;
      limit = found;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, last[j]! + 1, row[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, beforeLast[j - 2]! + 1);
      }
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
