/**
 * Expressions of `-c /…/[bix]`: POSIX regular expressions, translated into those of JavaScript.
 *
 * @module
 */
import type { CommandPattern } from "../query.ts";
import { LsofError } from "./error.ts";

/** Parses the value of `-c` when it starts with a slash. Throws {@linkcode LsofError}. */
export function parseCommandPattern(argument: string): CommandPattern {
  const end = argument.indexOf("/", 1);
  if (end < 0) throw new LsofError(`regexp doesn't end with '/': ${argument}`);
  const source = argument.slice(1, end);
  const modifiers = argument.slice(end + 1);
  for (const letter of modifiers) {
    if (!"bix".includes(letter)) throw new LsofError(`invalid regexp modifier: ${letter}`);
    if (modifiers.indexOf(letter) !== modifiers.lastIndexOf(letter)) {
      throw new LsofError(`${letter} regexp modifier already used: ${argument}`);
    }
  }
  if (modifiers.includes("b") && modifiers.includes("x")) {
    throw new LsofError(`b and x regexp modifiers conflict: ${argument}`);
  }
  const translated = translate(source, modifiers.includes("b"));
  try {
    // No "u" flag, because the commands have one character for each byte.
    return { source, pattern: new RegExp(translated, modifiers.includes("i") ? "is" : "s") };
  } catch {
    throw new LsofError(`regexp error: ${argument}: not a regular expression`);
  }
}

const CLASSES: Readonly<Record<string, string>> = {
  alpha: "A-Za-z",
  digit: "0-9",
  alnum: "A-Za-z0-9",
  upper: "A-Z",
  lower: "a-z",
  space: "\\t-\\r ",
  blank: "\\t ",
  punct: "!-\\/:-@\\[-`{-~",
  print: " -~",
  graph: "!-~",
  cntrl: "\\x00-\\x1f\\x7f",
  xdigit: "0-9A-Fa-f",
};

/**
 * Translates a regular expression of regex(7). In a basic one the operators are those behind a backslash. Brackets may
 * contain classes, and a backslash in them stands for itself.
 */
function translate(source: string, basic: boolean): string {
  let out = "";
  for (let i = 0; i < source.length; i++) {
    const character = source[i]!;
    if (character === "[") {
      const [text, next] = bracket(source, i);
      out += text;
      i = next;
    } else if (character === "\\" && i + 1 < source.length) {
      const following = source[++i]!;
      const operator = "(){}+?|".includes(following);
      if (operator) out += basic ? following : `\\${following}`;
      else {out += /[A-Za-z0-9]/.test(following) && !/[1-9wWsSbB]/.test(following)
          ? following
          : `\\${following}`;}
    } else if (basic && "(){}+?|".includes(character)) {
      out += `\\${character}`;
    } else if (basic && character === "*" && (out === "" || out === "^")) {
      out += "\\*";
    } else if (character === "/") out += "\\/";
    else out += character;
  }
  return out;
}

/** Translates the bracket at `start`. Returns its text and the index of its end. */
function bracket(source: string, start: number): [text: string, last: number] {
  let i = start + 1;
  let out = "[";
  if (source[i] === "^") {
    out += "^";
    i++;
  }
  for (let first = true; i < source.length; first = false, i++) {
    const character = source[i]!;
    if (character === "]" && !first) return [`${out}]`, i];
    const named = character === "[" ? /^\[:([a-z]+):\]/.exec(source.slice(i)) : null;
    if (named !== null && CLASSES[named[1]!] !== undefined) {
      out += CLASSES[named[1]!];
      i += named[0].length - 1;
    } else out += "[]\\^".includes(character) ? `\\${character}` : character;
  }
  throw new LsofError(`regexp error: ${source}: a bracket is not closed`);
}
