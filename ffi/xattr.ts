/**
 * Extended attributes: getxattr(2).
 *
 * @module
 */
import { errno } from "./errno.ts";
import { failed } from "./failed_calls.ts";
import { libc } from "./libc.ts";
import { allocate, cString } from "./memory.ts";

const value = allocate(4096);

/** An extended attribute of a file as bytes, without a NUL at the end; or the negated errno: ENODATA if there is none. */
export function tryGetXattr(path: string, name: string): Uint8Array<ArrayBuffer> | number {
  const length = Number(libc.getxattr(cString(path), cString(name), value, value.length));
  if (length < 0) return failed("getxattr", -errno(), cString(path));
  const bytes = value.slice(0, length);
  return bytes.at(-1) === 0 ? bytes.slice(0, -1) : bytes;
}
