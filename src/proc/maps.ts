/**
 * /proc/PID/maps: the files a process has mapped.
 *
 * @module
 */
import { textWithoutDeletedMark } from "./deleted.ts";

/** One mapped file. */
export interface MappedFile {
  /** `start-end` in hexadecimal, as /proc/PID/map_files names it. */
  readonly range: string;
  readonly major: number;
  readonly minor: number;
  readonly inode: number;
  /** One character a byte, without the kernel's mark of a deleted file. */
  readonly path: string;
  readonly deleted: boolean;
}

/** Parses the file. Each mapped file comes once, in the order of addresses. Memory without a file is left out. */
export function parseMaps(text: string): MappedFile[] {
  const files: MappedFile[] = [];
  const seen = new Set<string>();
  for (const line of text.split("\n")) {
    const match = /^([0-9a-f]+-[0-9a-f]+) \S+ [0-9a-f]+ ([0-9a-f]+):([0-9a-f]+) (\d+)\s+(\S.*)$/
      .exec(line);
    if (match === null) continue;
    const [, range, major, minor, inode, name] = match as unknown as [string, ...string[]];
    const id = `${major}:${minor}:${inode}`;
    if (seen.has(id) || parseInt(major!, 16) === 0 && parseInt(minor!, 16) === 0 && inode === "0") {
      continue;
    }
    seen.add(id);
    files.push({
      range: range!,
      major: parseInt(major!, 16),
      minor: parseInt(minor!, 16),
      inode: Number(inode),
      ...textWithoutDeletedMark(name!),
    });
  }
  return files;
}
