/**
 * Words of the ss dialect. Blanks and tabs part them, a backslash quotes the next character, and nothing else is
 * special: `dport=22` is one word, and no keyword.
 *
 * @module
 */

/** A word, and where it began in the arguments joined by blanks. */
export interface Word {
  /** With backslashes removed. Keywords are recognised in this form, so quoting does not make an operand of one. */
  readonly text: string;
  /** As it was written. */
  readonly source: string;
  readonly offset: number;
}

/** All words of the arguments. A word never reaches over the end of an argument. */
export function splitWords(args: readonly string[]): Word[] {
  const words: Word[] = [];
  let base = 0;
  for (const arg of args) {
    for (const match of arg.matchAll(/(?:\\[^]|[^ \t\\]|\\$)+/g)) {
      const source = match[0];
      words.push({ text: source.replace(/\\([^]?)/g, "$1"), source, offset: base + match.index });
    }
    base += arg.length + 1;
  }
  return words;
}

/** Keywords by all their spellings. */
export const KEYWORDS = {
  "(": "(",
  ")": ")",
  "!": "not",
  not: "not",
  "&": "and",
  "&&": "and",
  and: "and",
  "|": "or",
  "||": "or",
  or: "or",
  "=": "=",
  "==": "=",
  eq: "=",
  "!=": "!=",
  ne: "!=",
  neq: "!=",
  "<": "<",
  lt: "<",
  "<=": "<=",
  le: "<=",
  leq: "<=",
  ">": ">",
  gt: ">",
  ">=": ">=",
  ge: ">=",
  geq: ">=",
  src: "src",
  dst: "dst",
  sport: "sport",
  dport: "dport",
  dev: "dev",
  fwmark: "fwmark",
  cgroup: "cgroup",
  autobound: "autobound",
} as const;

/** A keyword of the ss dialect, in its main spelling. */
export type Keyword = typeof KEYWORDS[keyof typeof KEYWORDS];

/** The keyword a word is, or `undefined` for an operand. */
export function keywordOf(text: string): Keyword | undefined {
  return Object.hasOwn(KEYWORDS, text) ? KEYWORDS[text as keyof typeof KEYWORDS] : undefined;
}

/**
 * The arguments that a filter file (`-F FILE`) stands for: one a line. Lines that start with `#` are comments; ss skips
 * those that start with `0` as well.
 */
export function filterFileArguments(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && line[0] !== "#" && line[0] !== "0");
}
