/**
 * LsofError: an option that lsof mode cannot make sense of.
 *
 * @module
 */

/** One line, in lsof's words where it has them, because scripts look for them. */
export class LsofError extends Error {
  override readonly name = "LsofError";
}
