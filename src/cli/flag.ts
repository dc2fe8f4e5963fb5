/**
 * Flag: one entry of a flag table, from which parsing, help, man page and completions are made.
 *
 * @module
 */

/** One flag of a command whose options are `Options`. */
export interface Flag<Options> {
  /** Without dashes. */
  readonly long: string;
  /** One letter. */
  readonly short?: string;
  /** Name of the value in help; without it the flag takes none. */
  readonly value?: string;
  /** The values there are, where they are few. */
  readonly choices?: readonly string[];
  /** Heading it stands under in help. */
  readonly group: string;
  /** What it does: starts lower case, no period. */
  readonly help: string;
  /** Records the flag. Throws UsageError when the value is not one. */
  set(options: Options, value: string): void;
}
