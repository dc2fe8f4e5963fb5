/**
 * Internet addresses as bind(2) takes them.
 *
 * @module
 */
import { ENODEV, errno } from "./errno.ts";
import { close } from "./files.ts";
import { libc } from "./libc.ts";
import { allocate } from "./memory.ts";
import {
  AF_INET,
  AF_INET6,
  bindToDevice,
  interfaceIndex,
  setIntOption,
  socket,
  SOL_SOCKET,
} from "./socket.ts";

/** struct sockaddr_in: family u16 0, port be16 2, addr 4; 16 bytes. struct sockaddr_in6: addr 8, scope u32 24; 28 bytes. */
function socketAddress(address: Uint8Array, port: number, scopeId: number): Uint8Array {
  const v6 = address.length === 16;
  const bytes = allocate(v6 ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, v6 ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port, false);
  bytes.set(address, v6 ? 8 : 4);
  if (v6) view.setUint32(24, scopeId, true);
  return bytes;
}

// include/uapi/linux/in6.h
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;

/** How {@linkcode probeBind} sets its socket up. */
export interface BindOptions {
  /** SO_REUSEADDR, SO_REUSEPORT or `null`. */
  readonly reuse?: number | null;
  /** For IPv6: whether the socket is for IPv6 alone (IPV6_V6ONLY). `null`: the default of the system. */
  readonly v6only?: boolean | null;
  /** Name of the interface that it is bound to as well; `null` for none. */
  readonly device?: string | null;
}

// fe80::/10
function isLinkLocal(address: Uint8Array): boolean {
  return address.length === 16 && address[0] === 0xfe && (address[1]! & 0xc0) === 0x80;
}

/**
 * Makes a socket, binds it, and closes it again. It never listens, so no one can connect in between. `address` is 4 or 16 bytes in
 * network byte order, `type` SOCK_STREAM or SOCK_DGRAM. Returns 0 when bind(2) succeeded, else the errno, such as EADDRINUSE, or
 * ENODEV where there is no such `device`. Throws SyscallError when the socket cannot be made.
 */
export function probeBind(
  address: Uint8Array,
  port: number,
  type: number,
  { reuse = null, v6only = null, device = null }: BindOptions = {},
): number {
  const fd = socket(address.length === 16 ? AF_INET6 : AF_INET, type, 0);
  try {
    if (reuse !== null) setIntOption(fd, SOL_SOCKET, reuse, 1);
    if (v6only !== null && address.length === 16) {
      setIntOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, Number(v6only));
    }
    let scopeId = 0;
    if (device !== null) {
      // The scope of an address takes no privilege; before Linux 5.7 the option takes CAP_NET_RAW.
      const scoped = isLinkLocal(address) ? interfaceIndex(fd, device) : null;
      if (scoped !== null) scopeId = scoped;
      else {
        const refused = isLinkLocal(address) ? ENODEV : bindToDevice(fd, device);
        if (refused !== 0) return refused;
      }
    }
    const name = socketAddress(address, port, scopeId);
    return libc.bind(fd, name, name.length) < 0 ? errno() : 0;
  } finally {
    close(fd);
  }
}
