/**
 * /proc/PID/fdinfo/FD: position and flags of an open file, and lines that only some kinds of file have.
 *
 * @module
 */

/** The lines that this program uses. A line that is missing is `null`. */
export interface DescriptorInfo {
  /** Offset in bytes. */
  readonly position: number | null;
  /** O_* flags (include/uapi/asm-generic/fcntl.h), among them whether the descriptor is close-on-exec. */
  readonly flags: number | null;
  /** Identity of an eventfd. */
  readonly eventfdId: number | null;
  /** Process that a pidfd stands for; -1 when it is gone. */
  readonly pid: number | null;
  /** Number of the pseudo-terminal that /dev/ptmx has opened. */
  readonly ttyIndex: number | null;
  /** Descriptors that an epoll set watches, in the order of the file. */
  readonly watched: readonly number[];
}

/** Parses the file. Other lines are ignored. */
export function parseDescriptorInfo(text: string): DescriptorInfo {
  let position: number | null = null;
  let flags: number | null = null;
  let eventfdId: number | null = null;
  let pid: number | null = null;
  let ttyIndex: number | null = null;
  const watched: number[] = [];
  for (const line of text.split("\n")) {
    const match = /^([A-Za-z-]+):\s*(-?\d+)/.exec(line);
    if (match === null) continue;
    const value = Number(match[2]);
    switch (match[1]) {
      case "pos":
        position = value;
        break;
      case "flags":
        flags = parseInt(match[2]!, 8);
        break;
      case "eventfd-id":
        eventfdId = value;
        break;
      case "Pid":
        pid = value;
        break;
      case "tty-index":
        ttyIndex = value;
        break;
      case "tfd":
        watched.push(value);
        break;
    }
  }
  return { position, flags, eventfdId, pid, ttyIndex, watched };
}
