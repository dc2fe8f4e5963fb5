/**
 * /proc/PID/mountinfo: what is mounted where.
 *
 * @module
 */
import type { Device } from "../../ffi/stat.ts";

/** One mount. Text is one character a byte. */
export interface Mount {
  readonly device: Device;
  readonly directory: string;
  /** `ext4`, `mqueue` … */
  readonly type: string;
  /** What is mounted: a device, or whatever the file system calls it. */
  readonly source: string;
}

/** Parses mountinfo(5): `id parent major:minor root directory options … - type source options`. */
export function parseMounts(text: string): Mount[] {
  const mounts: Mount[] = [];
  for (const line of text.split("\n")) {
    const match = /^\d+ \d+ (\d+):(\d+) \S+ (\S+) .*? - (\S+) (\S+)/.exec(line);
    if (match === null) continue;
    mounts.push({
      device: { major: Number(match[1]), minor: Number(match[2]) },
      directory: unescape(match[3]!),
      type: match[4]!,
      source: unescape(match[5]!),
    });
  }
  return mounts;
}

// The kernel writes space, tab, newline and backslash in octal.
function unescape(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(parseInt(octal, 8)));
}
