/**
 * Tokens of the sockeye dialect. Operators need no blanks around them: `sport=80,443&&(dst!=10/8)`.
 *
 * @module
 */
import { FilterSyntaxError } from "./errors.ts";

/** A comparison. */
export type Comparison = "=" | "!=" | "<" | "<=" | ">" | ">=";

/** A token and its place in the expression. */
export interface Token {
  /** `word` is a bare word that is not an operator; `string` was quoted. */
  readonly kind: "word" | "string" | "comparison" | "and" | "or" | "not" | "(" | ")" | "," | "end";
  /** The word with quotes and backslashes resolved; the main spelling of a comparison. */
  readonly text: string;
  /** As it was written. */
  readonly source: string;
  readonly offset: number;
}

/** Operators in every spelling. Letter case does not matter. */
const OPERATORS: Readonly<Record<string, readonly [Token["kind"], string]>> = {
  "(": ["(", "("],
  ")": [")", ")"],
  ",": [",", ","],
  "&": ["and", "and"],
  "&&": ["and", "and"],
  and: ["and", "and"],
  "|": ["or", "or"],
  "||": ["or", "or"],
  or: ["or", "or"],
  "!": ["not", "not"],
  not: ["not", "not"],
  "=": ["comparison", "="],
  "==": ["comparison", "="],
  eq: ["comparison", "="],
  "!=": ["comparison", "!="],
  ne: ["comparison", "!="],
  neq: ["comparison", "!="],
  "<": ["comparison", "<"],
  lt: ["comparison", "<"],
  "<=": ["comparison", "<="],
  le: ["comparison", "<="],
  leq: ["comparison", "<="],
  ">": ["comparison", ">"],
  gt: ["comparison", ">"],
  ">=": ["comparison", ">="],
  ge: ["comparison", ">="],
  geq: ["comparison", ">="],
};

const BLANK = /[\s]+/y;
const SYMBOL = /[(),]|&&?|\|\|?|==?|!=|<=?|>=?/y;
/** In the middle of a word `!` is a letter, as in the pattern `[!a-z]*`, unless `=` follows. */
const WORD = /(?:\\[^]|!(?!=)|[^\s(),&|=<>!"'\\])+/y;
const QUOTED = /"((?:[^"\\]|\\[^])*)"|'([^']*)'/y;

/** All tokens of an expression; the last one is `end`. Throws {@linkcode FilterSyntaxError}. */
export function tokenize(expression: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(expression);
  };
  while (at < expression.length) {
    const blank = match(BLANK);
    if (blank !== null) {
      at += blank[0].length;
      continue;
    }
    const offset = at;
    // "!" before a condition is always an operator of its own, as in `!autobound`.
    const symbol = match(SYMBOL) ?? match(/!/y);
    const quoted = symbol === null ? match(QUOTED) : null;
    const word = symbol === null && quoted === null ? match(WORD) : null;
    const source = (symbol ?? quoted ?? word)?.[0];
    if (source === undefined) {
      const token = expression.slice(offset);
      throw new FilterSyntaxError({
        expression,
        offset,
        token,
        kind: "syntax",
        problem: token.startsWith("\\")
          ? "Nothing follows the backslash"
          : `The quotation mark ${token[0]} is not closed`,
        wanted: token.startsWith("\\") ? "a character" : `another ${token[0]}`,
      });
    }
    at += source.length;
    const operator = quoted === null ? operatorOf(source) : undefined;
    if (operator !== undefined) {
      tokens.push({ kind: operator[0], text: operator[1], source, offset });
    } else if (quoted !== null) {
      const text = quoted[1] === undefined ? quoted[2]! : unescape(quoted[1]);
      tokens.push({ kind: "string", text, source, offset });
    } else {
      tokens.push({ kind: "word", text: unescape(source), source, offset });
    }
  }
  tokens.push({ kind: "end", text: "", source: "", offset: expression.length });
  return tokens;
}

function operatorOf(source: string): readonly [Token["kind"], string] | undefined {
  const key = source.toLowerCase();
  return Object.hasOwn(OPERATORS, key) ? OPERATORS[key] : undefined;
}

function unescape(text: string): string {
  return text.replace(/\\([^])/g, "$1");
}
