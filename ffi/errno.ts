/**
 * errno: read in the statement after the call, named, and thrown as one error class.
 *
 * @module
 */
import type { Pointer } from "bun:ffi";
import { EACCES, ENOENT, EPERM, ESRCH } from "./errno_codes.ts";
import { libc } from "./libc.ts";
import { native } from "./native.ts";

export * from "./errno_codes.ts";

// Loaded when the first error is told: most runs tell none.
const names = () => (require("./errno_names.ts") as typeof import("./errno_names.ts")).NAMES;

/** Symbolic name of an error number, such as `EACCES`; `errno 999` where it has none here. */
export function errnoName(errno: number): string {
  return names().get(errno)?.[0] ?? `errno ${errno}`;
}

/** What an error number means, in words. */
export function errnoText(errno: number): string {
  return names().get(errno)?.[1] ?? "unknown error";
}

/**
 * What a failed call says of the object it asked for. `absent`: there is none, or no more, so nothing was missed. `denied`: it
 * may be there, and we may not look. `failed`: it may be there, and the look went wrong. Only `absent` is an answer; after the
 * other two something may be missing.
 */
type Failure = "absent" | "denied" | "failed";

/** Classifies an error number, or a negated one as `try` functions return it. */
export function failureOf(errno: number): Failure {
  switch (Math.abs(errno)) {
    case ENOENT:
    case ESRCH:
      return "absent";
    case EACCES:
    case EPERM:
      return "denied";
    default:
      return "failed";
  }
}

/** A system call that failed. `call` says what was tried, with its object: `openat /proc/1/fd`. */
export class SyscallError extends Error {
  override readonly name = "SyscallError";
  readonly call: string;
  readonly errno: number;
  /** Symbolic name of {@linkcode errno}. */
  readonly code: string;

  constructor(call: string, errno: number) {
    super(`${call}: ${errnoText(errno)} (${errnoName(errno)})`);
    this.call = call;
    this.errno = errno;
    this.code = errnoName(errno);
  }
}

// errno is thread-local and its address is fixed for a thread's life; a Worker evaluates this module anew.
const location = libc.__errno_location() as Pointer;

/** errno of this thread. Meaningful only in the statement after a call that failed. */
export function errno(): number {
  return native.read.i32(location, 0);
}

/** Passes a result of 0 or more through. Throws {@linkcode SyscallError} for -1, with errno read at once. */
export function check(call: string, result: number): number {
  if (result < 0) throw new SyscallError(call, errno());
  return result;
}
