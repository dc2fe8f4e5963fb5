/**
 * Refusal: why a file was not looked at or read.
 *
 * @module
 */
import { EACCES, ENOENT, ENOTDIR, EPERM, errnoText } from "../../ffi/errno.ts";

/**
 * absent: it is not there, for certain. denied: no permission. slow: its file system may not answer, so it was not asked.
 * unfit: it is not what is looked for, such as a device in the place of a file. large: it is larger than such a file ever is.
 * failed: the kernel gave another error, and nothing is known.
 */
type Why = "absent" | "denied" | "slow" | "unfit" | "large" | "failed";

/** Why there is no answer about a file. */
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

  /** What an error of open(2) or statx(2) means. */
  static of(errno: number): Refusal {
    const why = errno === ENOENT || errno === ENOTDIR
      ? "absent"
      : errno === EACCES || errno === EPERM
      ? "denied"
      : "failed";
    return new Refusal(why, `cannot be read: ${errnoText(errno)}`, errno);
  }

  static slow(type: string | null): Refusal {
    const which = type === null
      ? "a mount that is not known here"
      : `a file system that may not answer (${type})`;
    return new Refusal("slow", `is on ${which}`);
  }
}
