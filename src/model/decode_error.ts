/**
 * DecodeError: the only error that a decoder throws.
 *
 * @module
 */

/** The input is too short or contradicts itself at a known offset. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
  /** What was being decoded: `inet_diag_msg`, `/proc/net/tcp`. */
  readonly what: string;
  /** Offset into the input, in bytes. */
  readonly offset: number;

  constructor(what: string, offset: number, problem: string) {
    super(`Cannot decode ${what} at byte ${offset}: ${problem}`);
    this.what = what;
    this.offset = offset;
  }
}
