/**
 * Sockets: typed socket(2), bind(2), sendmsg(2), recvmmsg(2), getsockopt(2), setsockopt(2).
 *
 * The program has no signal handler, so Ctrl-C ends it even in a blocked call. A call that a signal interrupts is made again.
 *
 * @module
 */
import { check, EINTR, ENODEV, errno, SyscallError } from "./errno.ts";
import { failed } from "./failed_calls.ts";
import { compileEagerly } from "./jit.ts";
import { libc } from "./libc.ts";
import { allocate, type ReceiveSlots, type SendMessage, SOCKADDR_NL_SIZE } from "./memory.ts";

/** Source: include/linux/socket.h. */
export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_RDM = 4;
export const SOCK_SEQPACKET = 5;
const SOCK_CLOEXEC = 0o2000000;
export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_ACCEPTCONN = 30;
export const SO_PROTOCOL = 38;
export const SO_DOMAIN = 39;
export const SO_RCVBUF = 8;
export const SO_REUSEPORT = 15;
export const SOL_NETLINK = 270;
export const MSG_TRUNC = 0x20;
const MSG_WAITFORONE = 0x10000;

/** Opens a socket, close-on-exec. Throws {@linkcode SyscallError}. */
export function socket(domain: number, type: number, protocol: number): number {
  return check(
    `socket(domain ${domain}, protocol ${protocol})`,
    libc.socket(domain, type | SOCK_CLOEXEC, protocol),
  );
}

/** Binds a netlink socket to `groups` (a bit mask). Returns the port ID that the kernel chose. Throws {@linkcode SyscallError}. */
export function bindNetlink(fd: number, groups = 0): number {
  const address = allocate(SOCKADDR_NL_SIZE);
  const view = new DataView(address.buffer);
  view.setUint16(0, AF_NETLINK, true);
  view.setUint32(8, groups, true);
  check("bind netlink", libc.bind(fd, address, SOCKADDR_NL_SIZE));
  const length = allocate(4);
  new DataView(length.buffer).setUint32(0, SOCKADDR_NL_SIZE, true);
  check("getsockname", libc.getsockname(fd, address, length));
  return view.getUint32(4, true);
}

/** Sets an integer socket option. Throws {@linkcode SyscallError}. */
export function setIntOption(fd: number, level: number, option: number, value: number): void {
  const bytes = allocate(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  check(`setsockopt ${level}/${option}`, libc.setsockopt(fd, level, option, bytes, 4));
}

/** An integer socket option, or the negated errno. */
export function tryGetIntOption(fd: number, level: number, option: number): number {
  const bytes = allocate(8);
  const view = new DataView(bytes.buffer);
  const length = allocate(4);
  new DataView(length.buffer).setUint32(0, 4, true);
  return libc.getsockopt(fd, level, option, bytes, length) < 0
    ? failed("getsockopt", -errno())
    : view.getInt32(0, true);
}

/**
 * Reads a socket option of any form into `value`. Some options also read `value` first. Returns the number of bytes that the kernel
 * wrote, or the negated errno.
 */
export function tryGetOption(fd: number, level: number, option: number, value: Uint8Array): number {
  const length = allocate(4);
  const view = new DataView(length.buffer);
  view.setUint32(0, value.length, true);
  return libc.getsockopt(fd, level, option, value, length) < 0
    ? failed("getsockopt", -errno())
    : view.getUint32(0, true);
}

// include/uapi/linux/sockios.h
const SIOCGSKNS = 0x894c;

/** Opens the network namespace that a socket belongs to. Returns the descriptor, or the negated errno: EPERM without CAP_NET_ADMIN. */
export function tryOpenSocketNamespace(fd: number): number {
  const opened = libc.ioctl(fd, SIOCGSKNS, null);
  return opened < 0 ? failed("ioctl SIOCGSKNS", -errno()) : opened;
}

// include/uapi/asm-generic/socket.h, since Linux 5.14.
const SO_NETNS_COOKIE = 71;

/** Cookie of the network namespace of a socket, unique until the next boot; `null` where the kernel does not tell. */
export function tryGetNamespaceCookie(fd: number): bigint | null {
  const cookie = allocate(8);
  if (tryGetOption(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie) !== cookie.length) return null;
  return new DataView(cookie.buffer).getBigUint64(0, true);
}

// include/uapi/linux/un.h
const SIOCUNIXFILE = 0x89e0;

/**
 * Opens (O_PATH) the file that a unix socket is bound to, even if the file was moved. Returns the descriptor, or the negated errno:
 * EPERM without CAP_NET_ADMIN, ENOENT for a socket without a path, ENOTTY before Linux 4.12.
 */
export function tryOpenSocketFile(fd: number): number {
  const opened = libc.ioctl(fd, SIOCUNIXFILE, null);
  return opened < 0 ? failed("ioctl SIOCUNIXFILE", -errno()) : opened;
}

/** Sends one message. Throws {@linkcode SyscallError}. */
export function sendMessage(fd: number, message: SendMessage): void {
  for (;;) {
    const sent = Number(libc.sendmsg(fd, message.header, 0));
    if (sent >= 0) return;
    const error = errno();
    if (error !== EINTR) throw new SyscallError("sendmsg", error);
  }
}

/**
 * Receives as many datagrams as are ready, at least one. Returns the number of slots that were filled. During a netlink dump one call
 * fills up to `slots.count` slots, because the kernel makes the next datagram when one is received. Throws SyscallError.
 */
export function receiveMany(fd: number, slots: ReceiveSlots): number {
  slots.reset();
  for (;;) {
    const count = libc.recvmmsg(fd, slots.headers, slots.count, MSG_WAITFORONE, null);
    if (count >= 0) {
      if (count === slots.count) {
        slots.filled();
        compileEagerly();
      }
      return count;
    }
    const error = errno();
    if (error !== EINTR) throw new SyscallError("recvmmsg", error);
  }
}

// include/uapi/linux/sockios.h; struct ifreq: name char[16] 0, ifindex int 16; 40 bytes.
const SIOCGIFNAME = 0x8910;
const SIOCGIFINDEX = 0x8933;
const IFNAMSIZ = 16;
const IFREQ_SIZE = 40;

/** Name of the interface with this index in the namespace of socket `fd`; `null` when there is none. */
export function interfaceName(fd: number, index: number): string | null {
  const request = allocate(IFREQ_SIZE);
  new DataView(request.buffer).setInt32(16, index, true);
  if (libc.ioctl(fd, SIOCGIFNAME, request) < 0) {
    failed("ioctl SIOCGIFNAME", -errno(), undefined, []);
    return null;
  }
  const end = request.indexOf(0);
  // A name may have any bytes except slash, colon and blanks.
  const name = request.subarray(0, end < 0 ? IFNAMSIZ : Math.min(end, IFNAMSIZ));
  return name.every((byte) => byte < 0x80)
    ? String.fromCharCode(...name)
    : new TextDecoder("utf-8", { ignoreBOM: true }).decode(name);
}

// include/uapi/asm-generic/socket.h
const SO_BINDTODEVICE = 25;

/** Binds a socket to an interface. Returns 0, or the errno: ENODEV where there is none of this name. */
export function bindToDevice(fd: number, name: string): number {
  const bytes = new TextEncoder().encode(`${name}\0`);
  if (bytes.length === 1 || bytes.length > IFNAMSIZ) return ENODEV;
  const value = allocate(bytes.length);
  value.set(bytes);
  return libc.setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, value, value.length) < 0 ? errno() : 0;
}

/** Index of the interface with this name in the namespace of socket `fd`; `null` when there is none. */
export function interfaceIndex(fd: number, name: string): number | null {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length === 0 || bytes.length >= IFNAMSIZ || bytes.includes(0)) return null;
  const request = allocate(IFREQ_SIZE);
  request.set(bytes);
  if (libc.ioctl(fd, SIOCGIFINDEX, request) < 0) {
    failed("ioctl SIOCGIFINDEX", -errno(), undefined, []);
    return null;
  }
  return new DataView(request.buffer).getInt32(IFNAMSIZ, true);
}
