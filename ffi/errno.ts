/**
 * errno: read in the statement after the call, named, and thrown as one error class.
 *
 * @module
 */
import type { Pointer } from "bun:ffi";
import { libc } from "./libc.ts";
import { native } from "./native.ts";

/** Error numbers that the program acts on. Source: include/uapi/asm-generic/errno-base.h, errno.h. */
export const EPERM = 1;
export const ENOENT = 2;
export const ESRCH = 3;
export const EINTR = 4;
export const EIO = 5;
export const ENXIO = 6;
export const E2BIG = 7;
export const EBADF = 9;
export const EAGAIN = 11;
export const ENOMEM = 12;
export const EACCES = 13;
export const EFAULT = 14;
export const EBUSY = 16;
export const EEXIST = 17;
export const ENODEV = 19;
export const ENOTDIR = 20;
export const EISDIR = 21;
export const EINVAL = 22;
export const ENFILE = 23;
export const EMFILE = 24;
export const ENOTTY = 25;
export const ETXTBSY = 26;
export const EFBIG = 27;
export const ENOSPC = 28;
export const EROFS = 30;
export const EPIPE = 32;
export const ERANGE = 34;
export const ENAMETOOLONG = 36;
export const ENOSYS = 38;
export const ELOOP = 40;
export const ENODATA = 61;
export const EPROTO = 71;
export const EMSGSIZE = 90;
export const EPROTONOSUPPORT = 93;
export const ESOCKTNOSUPPORT = 94;
export const EOPNOTSUPP = 95;
export const EAFNOSUPPORT = 97;
export const EADDRINUSE = 98;
export const EADDRNOTAVAIL = 99;
export const ECONNABORTED = 103;
export const ECONNRESET = 104;
export const ENOBUFS = 105;
export const ENOTCONN = 107;
export const ETIMEDOUT = 110;
export const ECONNREFUSED = 111;

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
