/**
 * Refusal: why a file was not looked at or read.
 *
 * @module
 */
import { errnoText, ESRCH, failureOf } from "../../ffi/errno.ts";

/**
 * - `absent`, `denied`, `failed`: what the kernel's error means, as `failureOf` in ffi/errno.ts has it.
 * - `slow`: its file system may not answer, so it was not asked.
 * - `unfit`: it is of another kind than what is looked for, such as a device in the place of a file.
 * - `large`: it is larger than such a file ever is.
 */
type Why = "absent" | "denied" | "slow" | "unfit" | "large" | "failed";

/** Why a file was not looked at or read, as a value that stands in its place. */
export class Refusal {
  readonly why: Why;
  /** The error of the kernel, 0 if there was none. */
  readonly errno: number;
  /** In words, to stand after "it": `is on a file system that may not answer (nfs4)`. */
  readonly text: string;

  constructor(why: Why, text: string, errno = 0) {
    this.errno = errno;
    this.why = why;
    this.text = text;
  }

  /** What an error of open(2) or statx(2) means. ESRCH is said of processes, and proves nothing about a file. */
  static of(errno: number): Refusal {
    const why = errno === ESRCH ? "failed" : failureOf(errno);
    return new Refusal(why, `cannot be read: ${errnoText(errno)}`, errno);
  }

  /** For a file on a file system of this type, or on a mount that is not known, which was not touched. */
  static slow(type: string | null): Refusal {
    const which = type === null
      ? "a mount that is not known here"
      : `a file system that may not answer (${type})`;
    return new Refusal("slow", `is on ${which}`);
  }
}
