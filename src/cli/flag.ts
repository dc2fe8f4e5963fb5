/**
 * Flag: one entry of a flag table. The parser, help, man page and completions are made from these tables.
 *
 * @module
 */

/** What help, man page and completions show of a flag. */
export interface DocumentedFlag {
  /** Long name without dashes. In the modes of other programs, some flags have none. */
  readonly long?: string;
  /** Short name: one letter. */
  readonly short?: string;
  /** Name of the value in help. Absent: the flag takes no value. */
  readonly value?: string;
  /** All possible values, if they are few. */
  readonly choices?: readonly string[];
  /** Names that the value may consist of, separated by commas. Completions offer them. */
  readonly list?: readonly string[];
  /** What of the host the value may consist of, separated by commas; or the columns of the listing. Completions offer it. */
  readonly offers?: "users" | "processes" | "pids" | "ports" | "columns";
  /** True for a flag that few people need: the short help leaves it out. */
  readonly rare?: true;
  /** The heading in help that it is listed under. */
  readonly group: string;
  /** What it does. Starts in lower case and has no period. */
  readonly help: string;
}

/** One flag of a command whose options are `Options`. */
export interface Flag<Options> extends DocumentedFlag {
  readonly long: string;
  /** Records the flag. Throws UsageError if the value is not allowed. */
  set(options: Options, value: string): void;
}
