/**
 * Argument lists: how a program is run, and how one would type that.
 *
 * @module
 */

/** One way to run the program. */
export interface ArgumentList {
  readonly args: readonly string[];
  /** The user; root unless given. */
  readonly as?: "nobody";
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Run on a terminal of this width. */
  readonly columns?: number;
  /** Run with `| cat` behind it. */
  readonly pipe?: true;
}

/** A list as one would type it. */
export function commandLine(list: ArgumentList): string {
  const quote = (word: string) =>
    /^[\w@%+=:,.\/^-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
  return [
    ...Object.entries(list.env ?? {}).map(([name, value]) => `${name}=${quote(value)}`),
    ...list.as === undefined ? [] : [`(${list.as})`],
    "sockeye",
    ...list.args.map(quote),
    ...list.stdin === undefined ? [] : ["< stdin"],
    ...list.columns === undefined ? [] : [`(terminal, ${list.columns} columns)`],
    ...list.pipe === undefined ? [] : ["| cat"],
  ].join(" ");
}

/** One list a line; words are parted by spaces, and ' holds a word together. */
export function words(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}
