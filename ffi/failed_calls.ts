/**
 * Calls that went wrong without saying anything of what they were asked about: no memory, no descriptors left, an input/output
 * error.
 *
 * Whoever reads a fact that may be missing anyway passes over a failed read. These errors are no such thing: an answer that was
 * made in spite of them is not whole. So they are counted here, at the bottom, and told at the top.
 *
 * @module
 */
import { EAGAIN, EINVAL, EIO, EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSYS } from "./errno_codes.ts";

/** What no object answers, whatever it is. */
const ALWAYS: readonly number[] = [EIO, ENOMEM, EMFILE, ENFILE, ENOBUFS];
/** Calls that every kernel has answer these no more than the others. Others answer so where they are not supported. */
const UNSUPPORTED: readonly number[] = [EINVAL, EAGAIN, ENOSYS];

/** A call that went wrong. */
export interface FailedCall {
  readonly call: string;
  /** What it was asked about; empty where only a descriptor was given. */
  readonly path: string;
  readonly errno: number;
}

/** More are not kept: something is wrong, and it has been told what. */
const MOST_KEPT = 100;

const kept: FailedCall[] = [];

/** The calls that went wrong so far, the first hundred at least. */
export function failedCalls(): readonly FailedCall[] {
  return kept;
}

/**
 * Notes a failed call if it went wrong in such a way. `result`: the negated errno, which is returned. `path`: bytes up to a NUL.
 * `answers`: which of EINVAL, EAGAIN and ENOSYS may be an answer of this call; none of them is where the call is always there.
 */
export function failed(
  call: string,
  result: number,
  path?: Uint8Array,
  answers: readonly number[] = UNSUPPORTED,
): number {
  const errno = -result;
  return ALWAYS.includes(errno) || UNSUPPORTED.includes(errno) && !answers.includes(errno)
    ? noteFailed(call, result, path)
    : result;
}

/** Notes a failed call for whatever error: of something that is there for all, and that all may read. */
export function noteFailed(call: string, result: number, path?: Uint8Array): number {
  if (kept.length < MOST_KEPT) kept.push({ call, path: textOf(path), errno: -result });
  return result;
}

function textOf(path: Uint8Array | undefined): string {
  if (path === undefined) return "";
  const end = path.indexOf(0);
  return new TextDecoder().decode(end < 0 ? path : path.subarray(0, end));
}
