/**
 * Messages of a dump of internet sockets: nlmsghdr, and inet_diag_msg behind it (include/uapi/linux/inet_diag.h).
 *
 * @module
 */
import { get16be, get32 } from "./memory.ts";

/** Bytes of nlmsghdr, and of inet_diag_msg without its attributes. */
export const HEADER_SIZE: u32 = 16;
export const MESSAGE_SIZE: u32 = 72;

/** idiag_family. */
export const AF_INET: u32 = 2;
export const AF_INET6: u32 = 10;

/** Length of the message whose header is at `p`; 0 where it is cut by `end`, or shorter than what every message has. */
export function wholeLength(p: u32, end: u32): u32 {
  if (p + HEADER_SIZE > end) return 0;
  const length: u32 = get32(p);
  return length > end - p || length < HEADER_SIZE + MESSAGE_SIZE ? 0 : length;
}

/** Where the message behind one of this length begins. */
export function nextMessage(p: u32, length: u32): u32 {
  return p + ((length + 3) & ~3);
}

/** A big-endian word. */
export function get32be(p: u32): u32 {
  return get16be(p) << 16 | get16be(p + 2);
}
