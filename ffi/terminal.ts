/**
 * Terminals: is there one, and how wide is it.
 *
 * @module
 */
import { libc } from "./libc.ts";
import { allocate } from "./memory.ts";

// include/uapi/asm-generic/ioctls.h; struct winsize: rows u16 0, columns u16 2.
const TIOCGWINSZ = 0x5413;
const TCFLSH = 0x540b;

/** Width that is assumed of a terminal that does not know its own, such as a serial line. */
const USUAL_COLUMNS = 80;

/** Width of the terminal behind a descriptor, for text that is laid out in lines; `null` when it is not a terminal. */
export function terminalWidth(fd: number): number | null {
  const columns = terminalColumns(fd);
  return columns === 0 ? USUAL_COLUMNS : columns;
}

/** Columns of the terminal behind a descriptor: 0 when it does not know, `null` when it is not a terminal. */
export function terminalColumns(fd: number): number | null {
  const size = allocate(8);
  if (libc.ioctl(fd, TIOCGWINSZ, size) < 0) return null;
  return new DataView(size.buffer).getUint16(2, true);
}

/** Throws away what was typed on a terminal and not read yet. Does nothing to what is no terminal. Kernel: tcflush(TCIFLUSH). */
export function discardTyped(fd: number): void {
  // TCIFLUSH is 0, and stands where other requests have a pointer.
  libc.ioctl(fd, TCFLSH, null);
}
