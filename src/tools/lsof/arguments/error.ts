/**
 * LsofError: a fault in the command line of lsof.
 *
 * @module
 */

/** The message is one line, in lsof's own words where it has some, because scripts look for them. */
export class LsofError extends Error {
  override readonly name = "LsofError";
}
