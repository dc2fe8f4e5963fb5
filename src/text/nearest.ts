/**
 * The known word that a mistyped one was probably meant to be.
 *
 * @module
 */

/** How many letters may differ: a third of the word, and never more than two. */
const tolerance = (word: string): number => Math.min(2, Math.floor((word.length + 1) / 3));

/** In a shorter word, the first letter is hardly ever the wrong one: --sort is not --port. */
const SURE_OF_FIRST = 6;

/**
 * The one of `words` that `given` begins or nearly spells; `undefined` where none is near. Of several, the first. A short word
 * begins with the same letter.
 *
 * ```ts
 * nearest("proc", ["port", "process"]); // "process"
 * nearest("prot", ["port", "process"]); // "port"
 * ```
 */
export function nearest(given: string, words: readonly string[]): string | undefined {
  if (given.length < 2) return undefined;
  const alike = given.length < SURE_OF_FIRST ? words.filter((word) => word[0] === given[0]) : words;
  return words.find((word) => word.startsWith(given)) ?? similar(given, alike);
}

/** The one of `words` that `given` nearly spells; `undefined` where none is near. Of several as near, the first. */
export function similar(given: string, words: Iterable<string>): string | undefined {
  let best: string | undefined;
  let limit = tolerance(given) + 1;
  for (const word of words) {
    // The lengths alone differ by more: a long word is not compared letter by letter.
    if (Math.abs(word.length - given.length) >= limit) continue;
    const far = distance(given, word);
    if (far < limit) [best, limit] = [word, far];
  }
  return best;
}

/** Edit distance: letters inserted, left out or replaced, and neighbours swapped, each counts once. */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
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
