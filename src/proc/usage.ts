/**
 * What a process uses: /proc/PID/stat, status, limits, and the size of its descriptor table.
 *
 * @module
 */
import {
  AT_FDCWD,
  close,
  DirectoryReader,
  O_DIRECTORY,
  O_RDONLY,
  tryOpenAt,
} from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { tryStatAt } from "../../ffi/stat.ts";
import type { ProcRoot } from "./root.ts";

/** Kernel: USER_HZ, 100 on every architecture that is supported here. */
const MS_PER_TICK = 10;

/** CPU time from the text of a stat file, in milliseconds; `null` where it is cut. Fields 14 and 15. */
export function parseCpuMs(stat: string): number | null {
  // Nothing behind the name holds a parenthesis.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, kernel] = [Number(fields[11]), Number(fields[12])];
  return Number.isSafeInteger(user) && Number.isSafeInteger(kernel)
    ? (user + kernel) * MS_PER_TICK
    : null;
}

/** Resident memory from the text of a status file, in bytes; `null` where there is none, as of a kernel thread. */
export function parseMemory(status: string): number | null {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(status);
  return match === null ? null : Number(match[1]) * 1024;
}

/** How many files may be open, from the text of a limits file; `Infinity` for no limit, `null` where the line is missing. */
export function parseOpenFilesLimit(limits: string): number | null {
  const match = /^Max open files\s+(\d+|unlimited)\s/m.exec(limits);
  if (match === null) return null;
  return match[1] === "unlimited" ? Infinity : Number(match[1]);
}

/** How many descriptors a process has; `null` where that may not be read. */
export function countOpenFiles(root: ProcRoot, pid: number): number | null {
  const path = cString(`${root.path}/${pid}/fd`);
  // Since Linux 6.2 the directory's size is their number.
  const status = tryStatAt(AT_FDCWD, path);
  if (typeof status !== "number" && status.size > 0 && root.isLive) return status.size;
  const fd = tryOpenAt(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return null;
  try {
    const reader = new DirectoryReader();
    reader.start(fd);
    let count = 0;
    while (reader.next()) if (reader.number >= 0) count++;
    return count;
  } catch {
    // It ended while we looked.
    return null;
  } finally {
    close(fd);
  }
}
