/**
 * Terminals: whether a descriptor is one, and its width.
 *
 * @module
 */
import { libc } from "./libc.ts";
import { allocate } from "./memory.ts";

// include/uapi/asm-generic/ioctls.h; struct winsize: rows u16 0, columns u16 2.
const TIOCGWINSZ = 0x5413;
const TCFLSH = 0x540b;

/** The width to assume for a terminal that does not know its width, such as a serial line. */
const USUAL_COLUMNS = 80;

/** Width in columns to lay text out for, if the descriptor is a terminal; `null` if it is not. */
export function terminalWidth(fd: number): number | null {
  const columns = terminalColumns(fd);
  return columns === 0 ? USUAL_COLUMNS : columns;
}

/** Number of columns of the terminal: 0 if the terminal does not know, `null` if the descriptor is not a terminal. */
export function terminalColumns(fd: number): number | null {
  const size = allocate(8);
  if (libc.ioctl(fd, TIOCGWINSZ, size) < 0) return null;
  return new DataView(size.buffer).getUint16(2, true);
}

/** Lines of the terminal behind a descriptor; `null` where it does not know, and when it is not a terminal. */
export function terminalHeight(fd: number): number | null {
  const size = allocate(8);
  if (libc.ioctl(fd, TIOCGWINSZ, size) < 0) return null;
  return new DataView(size.buffer).getUint16(0, true) || null;
}

/** Discards what was typed on a terminal and not read yet. Does nothing if the descriptor is not a terminal. As tcflush(TCIFLUSH). */
export function discardTyped(fd: number): void {
  // The argument is TCIFLUSH, which is 0.
  libc.ioctl(fd, TCFLSH, null);
}
