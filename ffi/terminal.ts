/**
 * Terminals: is there one, and how wide is it.
 *
 * @module
 */
import { libc } from "./libc.ts";
import { allocate } from "./memory.ts";

// include/uapi/asm-generic/ioctls.h; struct winsize: rows u16 0, columns u16 2.
const TIOCGWINSZ = 0x5413;

/** Columns of the terminal behind a descriptor: 0 when it does not know, `null` when it is not a terminal. */
export function terminalColumns(fd: number): number | null {
  const size = allocate(8);
  if (libc.ioctl(fd, TIOCGWINSZ, size) < 0) return null;
  return new DataView(size.buffer).getUint16(2, true);
}
