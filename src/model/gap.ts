/**
 * Gap: something that could not be read, and is therefore missing from the answer.
 *
 * @module
 */

/** Kinds of gap. */
export const GAP_KINDS = [
  /** Processes whose descriptors could not be listed. */
  "processes",
  /** A family, or a table of one, that could not be read at all. */
  "table",
  /** A table that changed during every attempt to read it. */
  "interrupted",
  /** A network namespace that could not be entered. */
  "netns",
  /** Firewall marks, which the query asks for but the kernel does not show to this user. */
  "marks",
] as const;
type GapKind = typeof GAP_KINDS[number];

/** One gap. */
export interface Gap {
  readonly kind: GapKind;
  /** One sentence: what is missing, why, and what would help. */
  readonly reason: string;
  /** The same as data: counts, names, an error code. Keys are in snake case, because they are JSON keys too. */
  readonly detail: Readonly<Record<string, string | number>>;
}
