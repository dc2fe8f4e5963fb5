/**
 * Input: the text of a file that the command line names, or of standard input.
 *
 * @module
 */
import { errnoText } from "../../ffi/errno.ts";
import { AT_FDCWD, tryReadAll, tryReadFileAt } from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { InputError } from "../audit/input_error.ts";
import { strictUtf8Text } from "../text/encoding.ts";

/** More than a host with a million sockets writes, and less than would drown the one that reads. */
const LIMIT = 1024 * 1024 * 1024;

/** A text, and what to call where it came from. */
export interface Input {
  readonly name: string;
  readonly text: string;
}

/** Reads a file, or standard input for `-`: at most so many bytes. Throws {@linkcode InputError}. */
export function readInput(path: string, limit = LIMIT): Input {
  const name = path === "-" ? "standard input" : path;
  // One byte more than is allowed tells a file that fits from one that was cut.
  const bytes = path === "-"
    ? tryReadAll(0, limit + 1)
    : tryReadFileAt(AT_FDCWD, cString(path), limit + 1);
  if (typeof bytes === "number") {
    throw new InputError(`${name} cannot be read: ${errnoText(-bytes)}`);
  }
  if (bytes.length > limit) throw new InputError(`${name} is larger than ${limit} bytes`);
  try {
    return { name, text: strictUtf8Text(bytes) };
  } catch {
    throw new InputError(`${name} is not UTF-8 text`);
  }
}
