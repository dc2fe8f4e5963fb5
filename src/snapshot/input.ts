/**
 * Input: a file that the command line names, such as a snapshot or a policy.
 *
 * @module
 */
import { errnoText } from "../../ffi/errno.ts";
import { tryReadAll } from "../../ffi/files.ts";
import { readGiven } from "../files/given_file.ts";
import { Refusal } from "../files/refusal.ts";
import { strictUtf8Text, withoutByteOrderMark } from "../text/encoding.ts";

/** A file that was given cannot be used. One line: which file, what is wrong with it, what is wanted. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** The snapshot of a host with a million sockets is smaller, and this much still fits in memory. */
const LIMIT = 1024 * 1024 * 1024;

/** A text, and the name of its source for messages. */
interface Input {
  readonly name: string;
  readonly text: string;
}

/**
 * Reads a file, or standard input for `-`, of at most `limit` bytes. A byte order mark in front of it is left out. Throws
 * {@linkcode InputError}.
 */
export function readInput(path: string, limit = LIMIT): Input {
  const name = path === "-" ? "standard input" : path;
  // One byte more than the limit tells a file that fits from one that is too large.
  const bytes = path === "-" ? tryReadAll(0, limit + 1) : readGiven(path, limit);
  if (bytes instanceof Refusal) throw new InputError(`${name} ${bytes.text}`);
  if (typeof bytes === "number") {
    throw new InputError(`${name} cannot be read: ${errnoText(-bytes)}`);
  }
  if (bytes.length > limit) throw new InputError(`${name} is larger than ${limit} bytes`);
  try {
    return { name, text: withoutByteOrderMark(strictUtf8Text(bytes)) };
  } catch {
    throw new InputError(`${name} is not UTF-8 text`);
  }
}
