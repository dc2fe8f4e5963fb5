/**
 * Network namespaces: enter one, do something, come back whatever happened.
 *
 * setns(2) moves one thread. Everything here runs on the thread that calls it and never waits in between, so nobody
 * else sees the move; what must outlast it is a socket, which stays in the namespace it was made in.
 *
 * @module
 */
import { SYS } from "./arch/mod.ts";
import { EINVAL, ENOTTY, errno, SyscallError } from "./errno.ts";
import { AT_FDCWD, close, O_RDONLY, open, tryOpenAt } from "./files.ts";
import { libc } from "./libc.ts";
import { cString } from "./memory.ts";
import { tryOpenSocketNamespace } from "./socket.ts";
import { tryStatFd } from "./stat.ts";

/** Source: include/uapi/linux/sched.h. */
const CLONE_NEWNET = 0x4000_0000;

/** Source: include/uapi/asm-generic/fcntl.h. */
const O_NONBLOCK = 0o4000;

// Not /proc/self, which is the main thread's.
const OWN = "/proc/thread-self/ns/net";

/** The thread could not return to its own namespace: whatever it read from now on would be about another one. */
export class NamespaceLost extends SyscallError {
  constructor(errno: number) {
    super("setns back to our own network namespace", errno);
  }
}

function setns(fd: number): number {
  return Number(libc.syscall(SYS.setns, fd, CLONE_NEWNET as never, 0, 0, 0, 0)) < 0 ? errno() : 0;
}

/**
 * Calls `fn` inside the network namespace that descriptor `fd` stands for, and returns what it returns. `fn` must be done
 * when it returns: a promise would go on in the wrong namespace.
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
      // deno-lint-ignore no-unsafe-finally -- nothing that fn returned or threw matters beside this.
      if (lost !== 0) throw new NamespaceLost(lost);
    }
  } finally {
    close(home);
  }
}

/**
 * Moves the calling thread into the network namespace that descriptor `fd` stands for, for good: for a program that has
 * nothing to do anywhere else. Throws {@linkcode SyscallError}.
 */
export function enterNetworkNamespace(fd: number): void {
  const refused = setns(fd);
  if (refused !== 0) throw new SyscallError("setns to another network namespace", refused);
}

/** Opens a namespace by a path: /proc/PID/ns/net, a mount such as /run/netns/NAME. Returns the negated errno on failure. */
export function tryOpenNamespace(path: string | Uint8Array): number {
  // A path that a person gave may be a FIFO, which must not keep us waiting.
  return tryOpenAt(AT_FDCWD, cString(path), O_RDONLY | O_NONBLOCK);
}

/** Asks a namespace descriptor for its kind. Source: include/uapi/linux/nsfs.h: _IO(0xb7, 3), since Linux 4.11. */
const NS_GET_NSTYPE = 0xb703;

/**
 * Inode of the network namespace that a socket belongs to, wherever its owner has moved since. Returns the negated errno on
 * failure: EPERM without CAP_NET_ADMIN in that namespace.
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
 * Inode of the network namespace that an open descriptor stands for, or the negated errno: -EINVAL when it stands for something
 * else. Asked of the descriptor and not of the path it came from: a process ID may be another's by then.
 */
export function tryNamespaceInode(fd: number): number {
  // The link of the descriptor would not do: for a mounted namespace it names the mount point.
  const type = libc.ioctl(fd, NS_GET_NSTYPE, null);
  if (type < 0) {
    const error = errno();
    return error === ENOTTY ? -EINVAL : -error;
  }
  if (type !== CLONE_NEWNET) return -EINVAL;
  const status = tryStatFd(fd);
  return typeof status === "number" ? status : status.inode;
}
