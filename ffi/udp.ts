/**
 * UDP sockets with one peer.
 *
 * @module
 */
import { check } from "./errno.ts";
import { close } from "./files.ts";
import { libc } from "./libc.ts";
import { allocate } from "./memory.ts";
import { AF_INET, AF_INET6, SOCK_DGRAM, socket } from "./socket.ts";

// struct sockaddr_in: family u16 0, port be16 2, address 4; 16 bytes.
// struct sockaddr_in6: family u16 0, port be16 2, flow information 4, address 8, scope 24; 28 bytes.
const SOCKADDR_IN_SIZE = 16;
const SOCKADDR_IN6_SIZE = 28;

/**
 * Opens a UDP socket that sends to one address and receives only from it. `address` is 4 or 16 bytes in network byte order. The kernel
 * chooses the local port. Throws SyscallError if there is no route or no IPv6, and RangeError for a port that is none.
 */
export function connectUdp(address: Uint8Array, port: number): number {
  // setUint16 would silently make 4464 of 70000.
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new RangeError(`Cannot connect to port ${port}: wanted is an integer from 1 to 65535`);
  }
  const six = address.length === 16;
  const name = allocate(six ? SOCKADDR_IN6_SIZE : SOCKADDR_IN_SIZE);
  const view = new DataView(name.buffer);
  view.setUint16(0, six ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port, false);
  name.set(address, six ? 8 : 4);
  const fd = socket(six ? AF_INET6 : AF_INET, SOCK_DGRAM, 0);
  try {
    check("connect", libc.connect(fd, name, name.length));
  } catch (error) {
    close(fd);
    throw error;
  }
  return fd;
}
