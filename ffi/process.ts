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

// include/uapi/linux/auxvec.h
const AT_SECURE = 23;

/** True when this process gained privileges on exec: its environment is then a stranger's word. */
export function gainedPrivileges(): boolean {
  return Number(libc.getauxval(AT_SECURE)) !== 0;
}

// include/uapi/linux/kcmp.h
const KCMP_FILES = 2;

/**
 * Whether two threads use one descriptor table. `null` where the kernel does not tell: no kcmp (ENOSYS), not allowed
 * (EPERM, a seccomp filter), a thread that is gone. The numbers are of our own PID namespace.
 */
export function sharesFiles(first: number, second: number): boolean | null {
  const order = Number(libc.syscall(SYS.kcmp, first, second as never, KCMP_FILES, 0, 0, 0));
  return order < 0 ? null : order === 0;
}
