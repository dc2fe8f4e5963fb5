/**
 * Processes and threads: users, limits, copies of descriptors.
 *
 * @module
 */
import { SYS } from "./arch/mod.ts";
import { errno } from "./errno.ts";
import { failed } from "./failed_calls.ts";
import { libc } from "./libc.ts";
import { addressOf, allocate } from "./memory.ts";

/** Effective user ID of this process. */
export function effectiveUserId(): number {
  return libc.geteuid();
}

// include/uapi/linux/auxvec.h
const AT_UID = 11;
const AT_SECURE = 23;

/** Real user ID of this process, as it was started. */
export function realUserId(): number {
  return Number(libc.getauxval(AT_UID));
}

/** True when this process gained privileges on exec, so that another user may have set its environment. Kernel: AT_SECURE. */
export function gainedPrivileges(): boolean {
  return Number(libc.getauxval(AT_SECURE)) !== 0;
}

/**
 * A copy of another process's descriptor, close-on-exec, or the negated errno: EPERM without permission to trace the process, ESRCH
 * if the process is gone, EBADF if the descriptor is gone, ENOSYS before Linux 5.6.
 */
export function tryCopyDescriptor(pid: number, fd: number): number {
  const pidfd = tryOpenProcess(pid);
  if (pidfd < 0) return pidfd;
  const result = tryCopyFrom(pidfd, fd);
  libc.close(pidfd);
  return result;
}

/** A pidfd of a process, close-on-exec, or the negated errno: ESRCH if the process is gone, ENOSYS before Linux 5.3. */
export function tryOpenProcess(pid: number): number {
  const pidfd = Number(libc.syscall(SYS.pidfd_open, pid, 0 as never, 0, 0, 0, 0));
  return pidfd < 0 ? failed("pidfd_open", -errno()) : pidfd;
}

/** As {@linkcode tryCopyDescriptor}, for a pidfd of {@linkcode tryOpenProcess}. */
export function tryCopyFrom(pidfd: number, fd: number): number {
  const copy = Number(libc.syscall(SYS.pidfd_getfd, pidfd, fd as never, 0, 0, 0, 0));
  return copy < 0 ? failed("pidfd_getfd", -errno()) : copy;
}

/** Bytes of a set of processors. Kernels can be built for up to 8192. */
const CPU_SET_SIZE = 1024;

/** Number of processors that this thread may run on; 1 where the kernel does not tell. */
export function usableProcessors(): number {
  const set = allocate(CPU_SET_SIZE);
  const size = Number(
    libc.syscall(SYS.sched_getaffinity, 0, CPU_SET_SIZE as never, addressOf(set), 0, 0, 0),
  );
  let count = 0;
  for (let i = 0; i < size; i++) {
    for (let bits = set[i]!; bits !== 0; bits &= bits - 1) count++;
  }
  return Math.max(count, 1);
}

// include/uapi/asm-generic/resource.h. struct rlimit64: cur u64 0, max u64 8.
const RLIMIT_NOFILE = 7;
const RLIMIT_MEMLOCK = 8;
const RLIMIT64_SIZE = 16;

/** How many descriptors this process may have open; 0 where the kernel does not tell. */
export function descriptorLimit(): number {
  const limit = allocate(RLIMIT64_SIZE);
  if (!limitCall(RLIMIT_NOFILE, 0, addressOf(limit))) return 0;
  return Number(new DataView(limit.buffer).getBigUint64(0, true));
}

/**
 * Lets this process lock as much memory as it wants, or, where that takes CAP_SYS_RESOURCE, as its hard limit allows. False if it may
 * neither.
 */
export function raiseLockedMemoryLimit(): boolean {
  const limit = allocate(RLIMIT64_SIZE).fill(0xff);
  if (limitCall(RLIMIT_MEMLOCK, addressOf(limit), 0)) return true;
  if (!limitCall(RLIMIT_MEMLOCK, 0, addressOf(limit))) return false;
  // As far as the hard one.
  limit.copyWithin(0, 8);
  return limitCall(RLIMIT_MEMLOCK, addressOf(limit), 0);
}

/** prlimit(2) of this process: a limit to set, where to put the one before; 0 for neither. */
function limitCall(resource: number, set: number, before: number): boolean {
  return Number(libc.syscall(SYS.prlimit64, 0, resource as never, set, before, 0, 0)) >= 0;
}

// include/uapi/linux/kcmp.h
const KCMP_FILES = 2;

/**
 * True if two threads share one descriptor table. `null` where the kernel does not tell: it has no kcmp (ENOSYS), refuses it (EPERM),
 * or one thread is gone. `first` and `second` are thread IDs in this process's PID namespace.
 */
export function sharesFiles(first: number, second: number): boolean | null {
  const order = Number(libc.syscall(SYS.kcmp, first, second as never, KCMP_FILES, 0, 0, 0));
  return order < 0 ? null : order === 0;
}

/**
 * Sends a signal to a process that {@linkcode tryOpenProcess} has opened, and to no other that got its number since. 0, or the
 * negated errno: ESRCH when it has ended, EPERM without leave.
 */
export function trySignalProcess(pidfd: number, signal: number): number {
  const result = libc.syscall(SYS.pidfd_send_signal, pidfd, signal as never, 0, 0, 0, 0);
  return Number(result) < 0 ? -errno() : 0;
}

const AT_PAGESZ = 6;

/** Bytes of a page of memory. */
export function pageSize(): number {
  return Number(libc.getauxval(AT_PAGESZ)) || 4096;
}
