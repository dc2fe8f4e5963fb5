/**
 * Numbers that differ between architectures: x86-64.
 * Source: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/fcntl.h.
 *
 * @module
 */

/** Numbers of system calls for which not every libc has a function. */
export const SYS = {
  fcntl: 72,
  getdents64: 217,
  kcmp: 312,
  setns: 308,
  statx: 332,
  newfstatat: 262,
  bpf: 321,
  perf_event_open: 298,
  pidfd_send_signal: 424,
  pidfd_open: 434,
  openat2: 437,
  pidfd_getfd: 438,
  prlimit64: 302,
  sched_getaffinity: 204,
  mmap: 9,
  clock_gettime: 228,
  munmap: 11,
  name_to_handle_at: 303,
  open_by_handle_at: 304,
} as const;

/** open(2): fail unless the path is a directory. */
export const O_DIRECTORY = 0o200000;
/** open(2): fail if the last component is a symbolic link. */
export const O_NOFOLLOW = 0o400000;
/** open(2): read and write without the page cache. */
export const O_DIRECT = 0o40000;
/** The kernel adds this flag to every regular file that a 64-bit process opens. */
export const O_LARGEFILE = 0o100000;
