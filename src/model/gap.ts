/**
 * Gap: something that could not be read, and is therefore missing from the answer.
 *
 * @module
 */

/** Kinds of gap. */
export const GAP_KINDS = [
  /** Processes whose descriptors we may not list. */
  "processes",
  /** A family, or a table of one, that could not be read at all. */
  "table",
  /** A dump that the kernel said changed under it, more often than we tried again. */
  "interrupted",
  /** A network namespace that could not be entered. */
  "netns",
  /** Firewall marks, which the query asks for and the kernel does not tell us. */
  "marks",
] as const;
export type GapKind = typeof GAP_KINDS[number];

/** One gap. */
export interface Gap {
  readonly kind: GapKind;
  /** What is missing, why, and what would help: one sentence for a person. */
  readonly reason: string;
  /** The same as data: counts, names, an error code. Keys in snake case: they go into the JSON as they are. */
  readonly detail: Readonly<Record<string, string | number>>;
}
