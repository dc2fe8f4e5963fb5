/**
 * Shell patterns as fnmatch(3) reads them without flags: `*` and `?` match any character, `/` and a leading dot
 * included; `[a-z]`, `[!a-z]` and `[[:digit:]]` match one of a set; a backslash quotes.
 *
 * @module
 */

import { fitsPieces, literal, type Piece } from "../text/wildcard.ts";

/** Compiles a pattern. With `ignoreCase`, letters match in both cases (FNM_CASEFOLD). */
export function glob(pattern: string, ignoreCase = false): (text: string) => boolean {
  const fold = (text: string) => ignoreCase ? text.toLowerCase() : text;
  const folded = fold(pattern);
  if (!/[*?[\\]/.test(folded)) return (text) => fold(text) === folded;
  const pieces = parse(folded);
  return (text) => pieces !== null && fitsPieces(pieces, [...text], fold);
}

/** `null` for a pattern that ends in a single backslash, which matches nothing. */
function parse(pattern: string): Piece[] | null {
  const chars = [...pattern];
  const pieces: Piece[] = [];
  for (let i = 0; i < chars.length;) {
    const char = chars[i]!;
    if (char === "*") {
      if (pieces.at(-1)?.kind !== "star") pieces.push({ kind: "star", within: false });
      i++;
    } else if (char === "?") {
      pieces.push({ kind: "one", matches: () => true });
      i++;
    } else if (char === "[") {
      const bracket = parseBracket(chars, i);
      // A bracket that is never closed stands for itself.
      pieces.push(bracket === null ? literal("[") : { kind: "one", matches: bracket.matches });
      i = bracket === null ? i + 1 : bracket.next;
    } else if (char === "\\") {
      if (i + 1 === chars.length) return null;
      pieces.push(literal(chars[i + 1]!));
      i += 2;
    } else {
      pieces.push(literal(char));
      i++;
    }
  }
  return pieces;
}

const CLASSES: Readonly<Record<string, RegExp>> = {
  alnum: /[\p{L}\p{N}]/u,
  alpha: /\p{L}/u,
  blank: /[ \t]/,
  cntrl: /\p{Cc}/u,
  digit: /[0-9]/,
  graph: /[^\s\p{Cc}]/u,
  lower: /\p{Ll}/u,
  print: /[^\p{Cc}]/u,
  punct: /[\p{P}\p{S}]/u,
  space: /\s/,
  upper: /\p{Lu}/u,
  xdigit: /[0-9A-Fa-f]/,
};

/** Reads `[...]` from its opening bracket. `null` if it is not closed. */
function parseBracket(
  chars: readonly string[],
  open: number,
): { matches: (char: string, raw: string) => boolean; next: number } | null {
  let i = open + 1;
  const negated = chars[i] === "!" || chars[i] === "^";
  if (negated) i++;
  const tests: ((char: string, raw: string) => boolean)[] = [];
  for (let first = true; first || chars[i] !== "]"; first = false) {
    if (i >= chars.length) return null;
    const named = chars[i] === "[" && chars[i + 1] === ":" ? className(chars, i) : null;
    if (named !== null) {
      const members = CLASSES[named.name];
      if (members !== undefined) tests.push((_, raw) => members.test(raw));
      i = named.next;
      continue;
    }
    if (chars[i] === "\\" && i + 1 < chars.length) i++;
    const low = chars[i++]!;
    if (chars[i] === "-" && i + 1 < chars.length && chars[i + 1] !== "]") {
      i++;
      if (chars[i] === "\\" && i + 1 < chars.length) i++;
      const high = chars[i++]!;
      tests.push((char) => order(char) >= order(low) && order(char) <= order(high));
    } else {
      tests.push((char) => char === low);
    }
  }
  return { matches: (char, raw) => tests.some((test) => test(char, raw)) !== negated, next: i + 1 };
}

function className(
  chars: readonly string[],
  start: number,
): { name: string; next: number } | null {
  for (let i = start + 2; i + 1 < chars.length; i++) {
    if (chars[i] === ":" && chars[i + 1] === "]") {
      return { name: chars.slice(start + 2, i).join(""), next: i + 2 };
    }
  }
  return null;
}

function order(char: string): number {
  return char.codePointAt(0)!;
}
