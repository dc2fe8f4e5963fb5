/**
 * DecodeError: bytes that are not what they claim to be. The only error a decoder throws.
 *
 * @module
 */

/** Input that is too short, or contradicts itself, at a known place. */
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
