/**
 * The names of processes as ss prints them.
 *
 * @module
 */
import type { ProcRoot } from "../../../proc/root.ts";
import { utf8Text } from "../../../text/encoding.ts";
import { utf8Bytes } from "../../../text/encoding.ts";

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
 * A name with unprintable bytes replaced: control characters by `.` and bytes that are not ASCII by `?`. In a UTF-8 locale,
 * control characters and bytes that are not UTF-8 become `?`.
 */
export function printable(name: Uint8Array, utf8: boolean): Uint8Array {
  if (name.every((byte) => byte >= 0x20 && byte < 0x7f)) return name;
  if (!utf8) {
    return name.map((byte) => byte >= 0x80 ? 0x3f : byte < 0x20 || byte === 0x7f ? 0x2e : byte);
  }
  // deno-lint-ignore no-control-regex
  return utf8Bytes(
    utf8Text(name).replace(/[\x00-\x1f\x7f-\x9f\ufffd]/g, "?"),
  );
}

/** True in a UTF-8 locale, by the variables that setlocale(3) reads. */
export function isUtf8(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || "C";
  return /utf-?8/i.test(locale);
}
