/**
 * /proc/PID/task: the threads of a process.
 *
 * @module
 */
import { SyscallError } from "../../ffi/errno.ts";
import {
  AT_FDCWD,
  close,
  DirectoryReader,
  O_DIRECTORY,
  O_RDONLY,
  tryOpenAt,
} from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import type { ProcRoot } from "./root.ts";

/** IDs of the threads of a process, ascending; none where they cannot be listed. */
export function threadsOf(root: ProcRoot, pid: number): number[] {
  const folder = tryOpenAt(AT_FDCWD, cString(`${root.path}/${pid}/task`), O_RDONLY | O_DIRECTORY);
  if (folder < 0) return [];
  const tids: number[] = [];
  try {
    const reader = new DirectoryReader();
    reader.start(folder);
    while (reader.next()) if (reader.number >= 0) tids.push(reader.number);
  } catch (error) {
    // It ended while we looked.
    if (!(error instanceof SyscallError)) throw error;
  } finally {
    close(folder);
  }
  return tids.sort((a, b) => a - b);
}
