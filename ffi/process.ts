/**
 * Processes: who we are, and how threads relate.
 *
 * @module
 */
import { SYS } from "./arch/mod.ts";
import { libc } from "./libc.ts";

/** Effective user ID of this process. */
export function effectiveUserId(): number {
  return libc.geteuid();
}

// include/uapi/linux/kcmp.h
const KCMP_FILES = 2;

/**
 * True when two threads use one descriptor table. False also where the kernel does not tell (no kcmp, no permission, the
 * thread is gone): then both tables have to be read.
 */
export function sharesFiles(first: number, second: number): boolean {
  return Number(libc.syscall(SYS.kcmp, first, second as never, KCMP_FILES, 0, 0, 0)) === 0;
}
