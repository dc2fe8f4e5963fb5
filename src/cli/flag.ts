/**
 * Flag: one entry of the flag table, from which parsing, help, man page and completions are made.
 *
 * @module
 */
import type { ListOptions } from "./options.ts";

/** One flag. */
export interface Flag {
  /** Without dashes. */
  readonly long: string;
  /** One letter. */
  readonly short?: string;
  /** Name of the value in help; without it the flag takes none. */
  readonly value?: string;
  /** The values there are, where they are few. */
  readonly choices?: readonly string[];
  readonly group: "What to show" | "Which sockets" | "Output" | "Other";
  /** What it does: starts lower case, no period. */
  readonly help: string;
  /** Records the flag. Throws UsageError when the value is not one. */
  set(options: ListOptions, value: string): void;
}
