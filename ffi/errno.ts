/**
 * errno: reading it, its names, and the error class for failed system calls.
 *
 * @module
 */
import type { Pointer } from "bun:ffi";
import { EACCES, ENOENT, ENOTDIR, EPERM, ESRCH } from "./errno_codes.ts";
import { libc } from "./libc.ts";
import { native } from "./native.ts";

export * from "./errno_codes.ts";

// Loaded when the first error is printed, because most runs print none.
const names = () => (require("./errno_names.ts") as typeof import("./errno_names.ts")).NAMES;

/** Symbolic name of an error number, such as `EACCES`; `errno 999` for a number that this program does not know. */
export function errnoName(errno: number): string {
  return names().get(errno)?.[0] ?? `errno ${errno}`;
}

/** Meaning of an error number in words: `permission denied`. */
export function errnoText(errno: number): string {
  return names().get(errno)?.[1] ?? "unknown error";
}

/**
 * What a failed call says about the file or process that it was asked for.
 *
 * - `absent`: it does not exist, or no longer. Nothing was missed.
 * - `denied`: it may exist, and this process has no permission to see it.
 * - `failed`: it may exist, and the kernel could not tell.
 *
 * Only `absent` is an answer. After the other two something may be missing.
 */
type Failure = "absent" | "denied" | "failed";

/** Classifies an error number, or a negated one as `try` functions return it. */
export function failureOf(errno: number): Failure {
  switch (Math.abs(errno)) {
    case ENOENT:
    case ENOTDIR:
    case ESRCH:
      return "absent";
    case EACCES:
    case EPERM:
      return "denied";
    default:
      return "failed";
  }
}

/** A system call that failed. `call` names the call and what it was for: `openat /proc/1/fd`. */
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

// Each thread has an errno of its own at a fixed address. Each worker loads this module anew, so it gets its own.
const location = libc.__errno_location() as Pointer;

/** errno of this thread. Valid only in the statement after a call that failed. */
export function errno(): number {
  return native.read.i32(location, 0);
}

/** Returns a result of 0 or more. Throws {@linkcode SyscallError} for -1. Must be called directly after the call, as it reads errno. */
export function check(call: string, result: number): number {
  if (result < 0) throw new SyscallError(call, errno());
  return result;
}
