/**
 * The database of rpm, where it is an SQLite file: rpm 4.16 and later by default (Fedora 33, RHEL 9).
 *
 * @module
 */
import { SyscallError } from "../../ffi/errno.ts";
import { LazyFile } from "../../ffi/lazy_file.ts";
import { Refusal } from "../files/refusal.ts";
import type { UntrustedTree } from "../files/untrusted_tree.ts";
import { DecodeError } from "../model/decode_error.ts";
import { SqliteFile } from "./sqlite.ts";
import { latin1Text } from "../text/encoding.ts";

/** Larger ones are not opened: that of a full desktop has a fifth of it. */
const MAX_SIZE = 1 << 29;
/** Files of one name, in as many packages. There are thousands of files named README or __init__.py, but no programs. */
const MAX_CANDIDATES = 2000;
// lib/rpmtag.h
const RPMTAG_NAME = 1000;
const RPMTAG_DIRINDEXES = 1116;
const RPMTAG_BASENAMES = 1117;
const RPMTAG_DIRNAMES = 1118;

/** The package that owns one of these paths: its name, `null` for none, `undefined` where the file cannot be read. */
export function inRpm(
  tree: UntrustedTree,
  path: string,
  names: readonly string[],
  owners: readonly number[] | undefined,
): string | null | undefined {
  const opened = tree.openFile(path, {
    limit: MAX_SIZE,
    ...(owners === undefined ? {} : { owners }),
  });
  if (opened instanceof Refusal) return undefined;
  const file = LazyFile.over(opened.fd, opened.status.size);
  try {
    const database = new SqliteFile(file);
    const last = (name: string) => name.slice(name.lastIndexOf("/") + 1);
    const wanted = new Set(names.map(last));
    let candidates = 0;
    // Basenames: key, number of the package, index of the file in it.
    for (const [key, id] of database.rows("Basenames")) {
      if (typeof key !== "string" || typeof id !== "number" || !wanted.has(key)) continue;
      if (++candidates > MAX_CANDIDATES) return undefined;
      // Packages: its number is the row ID, and the other column is the header.
      const header = database.row("Packages", id)?.[1];
      if (!(header instanceof Uint8Array)) continue;
      const name = ownerIn(header, names);
      if (name !== null) return name;
    }
    // A log beside it holds what the file does not yet.
    const log = tree.stat(`${path}-wal`);
    const isEmpty = log instanceof Refusal ? log.why === "absent" : log.size === 0;
    return isEmpty ? null : undefined;
  } catch (error) {
    if (error instanceof DecodeError || error instanceof SyscallError) return undefined;
    throw error;
  } finally {
    file.close();
  }
}

/**
 * The name of a package if one of the paths is among its files. A header: number of entries be32, size of the data be32;
 * entries of tag, type, offset, count, be32 each; the data. Throws DecodeError.
 */
function ownerIn(header: Uint8Array, names: readonly string[]): string | null {
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const u32 = (at: number) => {
    if (at < 0 || at + 4 > header.length) throw new DecodeError("rpm header", at, "it is cut off");
    return view.getUint32(at);
  };
  const data = 8 + 16 * u32(0);
  const entries = new Map<number, { offset: number; count: number }>();
  for (let at = 8; at < data; at += 16) {
    entries.set(u32(at), { offset: data + u32(at + 8), count: u32(at + 12) });
  }
  const texts = (tag: number): string[] => {
    const entry = entries.get(tag);
    if (entry === undefined || entry.count > header.length) return [];
    let at = entry.offset;
    return Array.from({ length: entry.count }, () => {
      const end = header.indexOf(0, at);
      if (end < 0) throw new DecodeError("rpm header", at, "text without end");
      const text = latin1Text(header.subarray(at, end));
      at = end + 1;
      return text;
    });
  };
  const files = texts(RPMTAG_BASENAMES);
  const folders = texts(RPMTAG_DIRNAMES);
  const indexes = entries.get(RPMTAG_DIRINDEXES);
  if (indexes === undefined) return null;
  const owns = files.some((file, i) =>
    names.some((name) => name.endsWith(`/${file}`)) &&
    names.includes((folders[u32(indexes.offset + 4 * i)] ?? "") + file)
  );
  return owns ? texts(RPMTAG_NAME)[0] ?? null : null;
}
