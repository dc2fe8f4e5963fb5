/**
 * libc: one dlopen, one symbol table. Nothing outside ffi/ imports this file.
 *
 * `libc.so.6` is the only name that is passed to dlopen. It is mapped already with glibc, and musl knows the name, so no file is
 * searched. With any other name the runtime would try the current directory next, and run code of another user as root.
 *
 * @module
 */
import type { Library } from "bun:ffi";
import { FFI_TYPE, native } from "./native.ts";

const { i32, u32, ptr, i64, i64_fast, u64_fast } = FFI_TYPE;

// The runtime accepts a misspelt type and passes 0 for a missing argument. So each symbol has its prototype above it, and is called
// through one typed function in this folder.
const table = {
  // int *__errno_location(void);
  __errno_location: { args: [], returns: ptr },
  // int socket(int domain, int type, int protocol);
  socket: { args: [i32, i32, i32], returns: i32 },
  // int bind(int fd, const struct sockaddr *addr, socklen_t len);
  bind: { args: [i32, ptr, u32], returns: i32 },
  // int connect(int fd, const struct sockaddr *addr, socklen_t len);
  connect: { args: [i32, ptr, u32], returns: i32 },
  // int getsockname(int fd, struct sockaddr *addr, socklen_t *len);
  getsockname: { args: [i32, ptr, ptr], returns: i32 },
  // int getsockopt(int fd, int level, int name, void *value, socklen_t *len);
  getsockopt: { args: [i32, i32, i32, ptr, ptr], returns: i32 },
  // int setsockopt(int fd, int level, int name, const void *value, socklen_t len);
  setsockopt: { args: [i32, i32, i32, ptr, u32], returns: i32 },
  // ssize_t sendmsg(int fd, const struct msghdr *msg, int flags);
  sendmsg: { args: [i32, ptr, i32], returns: i64_fast },
  // int recvmmsg(int fd, struct mmsghdr *vec, unsigned int n, int flags, struct timespec *timeout);
  recvmmsg: { args: [i32, ptr, u32, i32, ptr], returns: i32 },
  // int openat(int dirfd, const char *path, int flags, mode_t mode);
  openat: { args: [i32, ptr, i32, u32], returns: i32 },
  // int close(int fd);
  close: { args: [i32], returns: i32 },
  // ssize_t read(int fd, void *buf, size_t n);
  read: { args: [i32, ptr, u64_fast], returns: i64_fast },
  // ssize_t pread(int fd, void *buf, size_t n, off_t offset);
  pread: { args: [i32, ptr, u64_fast, i64_fast], returns: i64_fast },
  // ssize_t write(int fd, const void *buf, size_t n);
  write: { args: [i32, ptr, u64_fast], returns: i64_fast },
  // ssize_t readlinkat(int dirfd, const char *path, char *buf, size_t n);
  readlinkat: { args: [i32, ptr, ptr, u64_fast], returns: i64_fast },
  // ssize_t getxattr(const char *path, const char *name, void *value, size_t size);
  getxattr: { args: [ptr, ptr, ptr, u64_fast], returns: i64_fast },
  // int ioctl(int fd, unsigned long request, void *arg);
  ioctl: { args: [i32, u64_fast, ptr], returns: i32 },
  // int poll(struct pollfd *fds, nfds_t n, int timeout_ms);
  poll: { args: [ptr, u64_fast, i32], returns: i32 },
  // unsigned long getauxval(unsigned long type);
  getauxval: { args: [u64_fast], returns: u64_fast },
  // uid_t geteuid(void);
  geteuid: { args: [], returns: u32 },
  // long syscall(long number, ...);
  syscall: { args: [i64, i64, ptr, i64, i64, i64, i64], returns: i64_fast },
} as const;

/** Why calls into C are not possible, so that only /proc can be read; `null` if they are. */
export let whyNoCalls: string | null = null;

function open(): Library<typeof table>["symbols"] {
  let failure: unknown;
  try {
    const opened = native.dlopen("libc.so.6", table);
    if (!(opened instanceof Error)) return opened.symbols;
    failure = opened;
  } catch (error) {
    failure = error;
  }
  whyNoCalls = failure instanceof Error ? failure.message : String(failure);
  const { plainLibc } = require("./libc_fallback.ts") as typeof import("./libc_fallback.ts");
  return plainLibc as never;
}

/** The C functions. They are hardly typed, so call them through the other files of this folder. */
export const libc = open();
