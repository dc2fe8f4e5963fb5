/**
 * /proc/locks: which process has locked which file, and how much of it.
 *
 * @module
 */
import type { ProcRoot } from "./root.ts";

/** `r` and `w` lock a part of a file for reading and writing, `R` and `W` all of it. */
type LockKind = "r" | "R" | "w" | "W";

/** Locks by process and file. */
export class Locks {
  readonly #kinds: ReadonlyMap<string, LockKind>;

  constructor(kinds: ReadonlyMap<string, LockKind>) {
    this.#kinds = kinds;
  }

  /** Reads /proc/locks. There are no locks where it cannot be read. */
  static read(root: ProcRoot): Locks {
    return new Locks(parseLocks(root.text("locks") ?? ""));
  }

  /** How a process has locked a file; `null` where it has not. */
  find(pid: number, major: number, minor: number, inode: number): LockKind | null {
    return this.#kinds.get(key(pid, major, minor, inode)) ?? null;
  }
}

function key(pid: number, major: number, minor: number, inode: number): string {
  return `${pid} ${major}:${minor}:${inode}`;
}

/**
 * Parses `N: POSIX ADVISORY WRITE pid maj:min:inode start end`. A line with `->` is of a process that waits for the lock above,
 * and is ignored. If a process has several locks on a file, the last line counts.
 */
export function parseLocks(text: string): Map<string, LockKind> {
  const kinds = new Map<string, LockKind>();
  for (const line of text.split("\n")) {
    const match =
      /^\d+: \S+\s+\S+\s+(READ|WRITE|RW)\s+(\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) (\d+) (\d+|EOF)$/
        .exec(line.trimEnd());
    if (match === null) continue;
    const [, mode, pid, major, minor, inode, start, end] = match;
    const whole = start === "0" && end === "EOF";
    const letter = mode === "READ" || mode === "RW" ? "r" : "w";
    kinds.set(
      key(Number(pid), parseInt(major!, 16), parseInt(minor!, 16), Number(inode)),
      (whole ? letter.toUpperCase() : letter) as LockKind,
    );
  }
  return kinds;
}
