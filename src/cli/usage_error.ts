/**
 * UsageError: the command line says something that cannot be done.
 *
 * @module
 */

/** One line: what was given, what is wanted. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
