/**
 * UsageError: the command line asks for something that cannot be done.
 *
 * @module
 */

/** The message is one line: what was given and what is wanted. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
