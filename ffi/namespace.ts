/**
 * Network namespaces: entering one and coming back.
 *
 * setns(2) moves one thread. The functions here run on the calling thread and never wait in between, so no other code runs in the
 * wrong namespace. A socket that is made inside stays in that namespace after the return.
 *
 * @module
 */
import { SYS } from "./arch/mod.ts";
import { EINVAL, EIO, ENOTTY, errno, SyscallError } from "./errno.ts";
import { failed } from "./failed_calls.ts";
import { AT_FDCWD, close, O_RDONLY, open, tryOpenAt } from "./files.ts";
import { libc } from "./libc.ts";
import { cString } from "./memory.ts";
import { tryOpenSocketNamespace } from "./socket.ts";
import { tryStatFd } from "./stat.ts";

/** Source: include/uapi/linux/sched.h. */
const CLONE_NEWNET = 0x4000_0000;

/** Source: include/uapi/asm-generic/fcntl.h. */
const O_NONBLOCK = 0o4000;

// /proc/self would be the namespace of the main thread.
const OWN = "/proc/thread-self/ns/net";

/** The thread could not return to its own namespace. Whatever it reads from now on is about the wrong one. */
export class NamespaceLost extends SyscallError {
  constructor(errno: number) {
    super("setns back to our own network namespace", errno);
  }
}

function setns(fd: number): number {
  return Number(libc.syscall(SYS.setns, fd, CLONE_NEWNET as never, 0, 0, 0, 0)) < 0 ? errno() : 0;
}

/**
 * Calls `fn` inside the network namespace of descriptor `fd`, and returns what it returns. `fn` must not be async, since the rest
 * of it would run in the wrong namespace.
 *
 * ```ts
 * const fd = tryOpenNamespace("/run/netns/blue");
 * const socket = inNetworkNamespace(fd, () => new Connection(NETLINK_SOCK_DIAG)); // stays in blue
 * ```
 *
 * Throws {@linkcode SyscallError} when the namespace cannot be entered (EPERM without CAP_SYS_ADMIN in both user
 * namespaces), {@linkcode NamespaceLost} when there is no way back, and what `fn` throws.
 */
export function inNetworkNamespace<T>(fd: number, fn: () => T): T {
  const home = open(OWN, O_RDONLY);
  try {
    const refused = setns(fd);
    if (refused !== 0) throw new SyscallError("setns to another network namespace", refused);
    try {
      return fn();
    } finally {
      const lost = setns(home);
      // deno-lint-ignore no-unsafe-finally -- this error is more important than what fn returned or threw.
      if (lost !== 0) throw new NamespaceLost(lost);
    }
  } finally {
    close(home);
  }
}

/**
 * Moves the calling thread into the network namespace of descriptor `fd` and stays there, for programs that need no other
 * namespace. Throws {@linkcode SyscallError}.
 */
export function enterNetworkNamespace(fd: number): void {
  const refused = setns(fd);
  if (refused !== 0) throw new SyscallError("setns to another network namespace", refused);
}

/** Opens a namespace by a path: /proc/PID/ns/net, a mount such as /run/netns/NAME. Returns the negated errno on failure. */
export function tryOpenNamespace(path: string | Uint8Array): number {
  // The path may come from the command line and be a FIFO, whose open would block.
  return tryOpenAt(AT_FDCWD, cString(path), O_RDONLY | O_NONBLOCK);
}

/** Asks a namespace descriptor for its kind. Source: include/uapi/linux/nsfs.h: _IO(0xb7, 3), since Linux 4.11. */
const NS_GET_NSTYPE = 0xb703;

/**
 * Inode of the network namespace that a socket belongs to, or the negated errno: EPERM without CAP_NET_ADMIN in that namespace. The
 * process that has the socket may be in another namespace.
 */
export function tryNamespaceOfSocket(socket: number): number {
  const namespace = tryOpenSocketNamespace(socket);
  if (namespace < 0) return namespace;
  try {
    return tryNamespaceInode(namespace);
  } finally {
    close(namespace);
  }
}

/**
 * Inode of the network namespace of an open descriptor, or the negated errno: -EINVAL if it is a descriptor of something else. Ask the
 * descriptor and not the path that it came from, because the process ID in the path may have been reused.
 */
export function tryNamespaceInode(fd: number): number {
  // The link of the descriptor in /proc is no help: for a mounted namespace it names the mount point.
  const type = libc.ioctl(fd, NS_GET_NSTYPE, null);
  if (type < 0) {
    const error = errno();
    if (error === ENOTTY) return -EINVAL;
    // A namespace always tells what it is.
    return failed("ioctl NS_GET_NSTYPE", error === EINVAL ? -EIO : -error);
  }
  if (type !== CLONE_NEWNET) return -EINVAL;
  const status = tryStatFd(fd);
  return typeof status === "number" ? status : status.inode;
}
