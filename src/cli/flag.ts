/**
 * Flag: one entry of a flag table, from which parsing, help, man page and completions are made.
 *
 * @module
 */

/** What help, man page and completions know of a flag. */
export interface DocumentedFlag {
  /** Without dashes. Flags of the programs we stand in for may lack it. */
  readonly long?: string;
  /** One letter. */
  readonly short?: string;
  /** Name of the value in help; without it the flag takes none. */
  readonly value?: string;
  /** The values there are, where they are few. */
  readonly choices?: readonly string[];
  /** The names that a value is made of, with commas between; completions offer them. */
  readonly list?: readonly string[];
  /** Heading it stands under in help. */
  readonly group: string;
  /** What it does: starts lower case, no period. */
  readonly help: string;
}

/** One flag of a command whose options are `Options`. */
export interface Flag<Options> extends DocumentedFlag {
  readonly long: string;
  /** Records the flag. Throws UsageError when the value is not one. */
  set(options: Options, value: string): void;
}
