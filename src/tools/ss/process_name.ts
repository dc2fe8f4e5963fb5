/**
 * Names of processes as ss prints them.
 *
 * @module
 */
import type { ProcRoot } from "../../proc/root.ts";
import { utf8Text } from "../../text/encoding.ts";
import { utf8Bytes } from "../../text/encoding.ts";

/** Names in a stat file are cut at the first parenthesis that closes, so a process may lie about its own. */
const COMM_MAX = 15;

/** Name of a process or thread as ss reads it from its stat file; `null` where there is none. */
export function processName(root: ProcRoot, path: string): Uint8Array | null {
  const bytes = root.read(`${path}/stat`, 4096);
  if (typeof bytes === "number") return null;
  const open = bytes.indexOf(0x28);
  if (open < 0) return null;
  const close = bytes.indexOf(0x29, open + 1);
  return bytes.slice(open + 1, Math.min(close < 0 ? bytes.length : close, open + 1 + COMM_MAX));
}

/**
 * A name with what cannot be printed replaced: controls by `.`, and bytes that are no ASCII by `?`. Where the locale is
 * UTF-8, only controls and what is not UTF-8 are, by `?`.
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

/** Whether the locale's characters are UTF-8, as setlocale(3) finds out. */
export function isUtf8(environment: Readonly<Record<string, string | undefined>>): boolean {
  const locale = environment.LC_ALL || environment.LC_CTYPE || environment.LANG || "C";
  return /utf-?8/i.test(locale);
}
