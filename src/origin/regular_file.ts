/**
 * Regular files that other users can replace: opening a pipe in their place would wait for a writer.
 *
 * @module
 */
import { AT_FDCWD, tryReadFileAt } from "../../ffi/files.ts";
import { cString } from "../../ffi/memory.ts";
import { S_IFMT, S_IFREG, tryStatAt } from "../../ffi/stat.ts";

/** Size of a regular file; `null` for anything else, and where it cannot be looked at. */
export function regularSize(path: string): number | null {
  const status = tryStatAt(AT_FDCWD, cString(path));
  return typeof status === "number" || (status.mode & S_IFMT) !== S_IFREG ? null : status.size;
}

/** Its bytes, `limit` at most; `null` for anything else, and where it cannot be read. */
export function readRegular(path: string, limit?: number): Uint8Array | null {
  if (regularSize(path) === null) return null;
  const bytes = tryReadFileAt(AT_FDCWD, cString(path), limit);
  return typeof bytes === "number" ? null : bytes;
}
