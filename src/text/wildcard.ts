/**
 * Wildcards: the one matcher of patterns, for filters and for policies.
 *
 * It goes through a text once, with all the positions of the pattern that what was read so far can lead to. So the time is at most the
 * product of both lengths, for any pattern and any text.
 *
 * @module
 */

/** One position of a pattern. */
export type Piece =
  /** Any number of characters; `within` a part of a path, it stops before a slash. */
  | { readonly kind: "star"; readonly within: boolean }
  /** One character. `raw` is what it is before upper and lower case were made the same. */
  | { readonly kind: "one"; readonly matches: (char: string, raw: string) => boolean };

/** Steps that were taken: how a test knows that the time is bounded. */
export interface StepCount {
  steps: number;
}

/**
 * True if a text, as characters, fits a pattern as a whole.
 *
 * ```ts
 * const star = { kind: "star", within: true } as const;
 * fitsPieces([star, literal("/"), star], [..."usr/bin"]); // true
 * ```
 */
export function fitsPieces(
  pieces: readonly Piece[],
  text: readonly string[],
  fold: (char: string) => string = (char) => char,
  count?: StepCount,
): boolean {
  // Position i: the pieces before it have matched.
  let now = new Uint8Array(pieces.length + 1);
  let next = new Uint8Array(pieces.length + 1);
  now[0] = 1;
  // No position before the first or after the last is marked.
  let first = 0;
  let last = 0;
  for (const raw of text) {
    const char = fold(raw);
    let nextFirst = pieces.length + 1;
    let nextLast = -1;
    const mark = (at: number) => {
      next[at] = 1;
      if (at < nextFirst) nextFirst = at;
      if (at > nextLast) nextLast = at;
    };
    for (let at = first; at <= last; at++) {
      if (count !== undefined) count.steps++;
      if (now[at] === 0) continue;
      now[at] = 0;
      const piece = pieces[at];
      if (piece === undefined) continue;
      if (piece.kind === "one") {
        if (piece.matches(char, raw)) mark(at + 1);
        continue;
      }
      if (!piece.within || char !== "/") mark(at);
      // It may also stand for nothing: then this character is for what comes after it.
      now[at + 1] = 1;
      if (at === last) last++;
    }
    if (nextLast < 0) return false;
    [now, next] = [next, now];
    first = nextFirst;
    last = nextLast;
  }
  let end = pieces.length;
  while (now[end] === 0 && end > 0 && pieces[end - 1]!.kind === "star") end--;
  return now[end] === 1;
}

/** A character that stands for itself. */
export function literal(char: string): Piece {
  return { kind: "one", matches: (other) => other === char };
}
