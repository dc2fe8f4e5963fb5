/**
 * The word that was probably meant.
 *
 * @module
 */

/** How many letters may differ: a third of the word, and never more than two. */
const tolerance = (word: string): number => Math.min(2, Math.floor((word.length + 1) / 3));

/** The one of `words` that `given` begins or nearly spells; `undefined` where none is near. Of several, the first. */
export function nearest(given: string, words: readonly string[]): string | undefined {
  if (given.length < 2) return undefined;
  const begun = words.find((word) => word.startsWith(given));
  if (begun !== undefined) return begun;
  let best: string | undefined;
  let least = tolerance(given) + 1;
  for (const word of words) {
    const far = distance(given, word);
    if (far < least) [best, least] = [word, far];
  }
  return best;
}

/** Edit distance: letters put in, left out or replaced, and neighbours swapped, each once. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(replaced, row[j]! + 1, next[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, before[j - 2]! + 1);
      }
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}
