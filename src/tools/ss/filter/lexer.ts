/**
 * Splits an ss filter into words. Blanks and tabs separate them, and a backslash quotes the next character. Nothing else is
 * special, so `dport=22` is one word and not a keyword.
 *
 * @module
 */

/** A word. `offset` is where it starts in the arguments joined by blanks. */
export interface Word {
  /** The word without backslashes. Keywords are recognised in this form, so a quoted keyword is still a keyword. */
  readonly text: string;
  /** The word as it was written. */
  readonly source: string;
  readonly offset: number;
}

/** The words of the arguments. A word ends with its argument at the latest. */
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

/** The keywords, by all of their spellings. */
const KEYWORDS = {
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

/** The keyword that a word is; `undefined` for an operand. */
export function keywordOf(text: string): Keyword | undefined {
  return Object.hasOwn(KEYWORDS, text) ? KEYWORDS[text as keyof typeof KEYWORDS] : undefined;
}

/**
 * The arguments in a filter file (`-F FILE`): one in each line. Lines that start with `#` are comments. ss also skips lines
 * that start with `0`.
 */
export function filterFileArguments(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && line[0] !== "#" && line[0] !== "0");
}
