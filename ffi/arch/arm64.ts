/**
 * Numbers that differ between architectures: arm64.
 * Source: include/uapi/asm-generic/unistd.h, arch/arm64/include/uapi/asm/fcntl.h.
 *
 * @module
 */

/** Numbers of system calls for which not every libc has a function. */
export const SYS = {
  fcntl: 25,
  getdents64: 61,
  kcmp: 272,
  setns: 268,
  statx: 291,
  newfstatat: 79,
  bpf: 280,
  perf_event_open: 241,
  pidfd_send_signal: 424,
  pidfd_open: 434,
  openat2: 437,
  pidfd_getfd: 438,
  prlimit64: 261,
  sched_getaffinity: 123,
  mmap: 222,
  clock_gettime: 113,
  munmap: 215,
  name_to_handle_at: 264,
  open_by_handle_at: 265,
} as const;

/** open(2): fail unless the path is a directory. */
export const O_DIRECTORY = 0o40000;
/** open(2): fail if the last component is a symbolic link. */
export const O_NOFOLLOW = 0o100000;
/** open(2): read and write without the page cache. */
export const O_DIRECT = 0o200000;
/** The kernel adds this flag to every regular file that a 64-bit process opens. */
export const O_LARGEFILE = 0o400000;
