/**
 * The names of processes as ss prints them.
 *
 * @module
 */
import type { ProcRoot } from "../../../proc/root.ts";

/** The kernel keeps this many bytes of a name: TASK_COMM_LEN - 1. */
const COMM_MAX = 15;

/**
 * The name of a process or thread as ss reads it from its stat file: up to the first closing parenthesis, even when that is
 * part of the name. `null` when it has ended.
 */
export function processName(root: ProcRoot, path: string): Uint8Array | null {
  const bytes = root.read(`${path}/stat`, 4096);
  if (typeof bytes === "number") return null;
  const open = bytes.indexOf(0x28);
  if (open < 0) return null;
  const close = bytes.indexOf(0x29, open + 1);
  return bytes.slice(open + 1, Math.min(close < 0 ? bytes.length : close, open + 1 + COMM_MAX));
}

/**
 * A name with unprintable bytes replaced: control characters by `.` and bytes that are not ASCII by `?`. So it is in every
 * locale, because ss never calls setlocale(3).
 */
export function printable(name: Uint8Array): Uint8Array {
  if (name.every((byte) => byte >= 0x20 && byte < 0x7f)) return name;
  return name.map((byte) => byte >= 0x80 ? 0x3f : byte < 0x20 || byte === 0x7f ? 0x2e : byte);
}
