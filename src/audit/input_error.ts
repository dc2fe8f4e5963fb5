/**
 * InputError: a file that was given cannot be used as what it was given for.
 *
 * @module
 */

/** One line: which file, what is wrong with it, what is wanted. */
export class InputError extends Error {
  override readonly name = "InputError";
}
